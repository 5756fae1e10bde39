/// Walks through the files of a WSDL: its definitions, and its schemas in an order in which what is redefined comes first.
struct WSDLDocuments {
    private(set) var definitions = WSDLDefinitions()
    private(set) var schemas: [SchemaDocument] = []
    private(set) var findings: [SchemaFinding] = []
    private let files: WSDLFiles
    private var visited: Set<Visit> = []
    /// A schema without a namespace counts again for each that includes it.
    private let budget = WorkBudget(values: 400_000)
    private var isRefused = false

    private struct Visit: Hashable {
        var path: String
        /// The namespace that a schema without one takes from the one that includes it.
        var namespace: String
    }

    /// Everything that the files come to.
    init(_ files: WSDLFiles) {
        self.files = files
        guard let root = files.roots[files.entry] else { return }
        visited.insert(Visit(path: files.entry, namespace: ""))
        read(root, path: files.entry)
    }

    private mutating func read(_ root: XMLElement, path: String) {
        if root.name.namespace == SchemaVocabulary.namespace { return readSchema(root, path: path, includedIn: nil) }
        guard root.name == XMLName(namespace: WSDLVocabulary.wsdl, local: "definitions") else { return }
        for element in WSDLVocabulary.children(of: root, "import") {
            guard let location = element.attribute("location") else { continue }
            follow(location, from: element, path: path, includedIn: nil)
        }
        for schema in WSDLFiles.schemas(in: root) { readSchema(schema, path: path, includedIn: nil) }
        definitions.add(root, path: path)
    }

    private mutating func readSchema(_ root: XMLElement, path: String, includedIn namespace: String?) {
        guard budget.spend(100 + root.children.count) else {
            if !isRefused {
                findings.append(
                    SchemaFinding(
                        kind: .more, message: "schemas are included too often; this and all that follow are left out", path: path,
                        position: root.position))
            }
            isRefused = true
            return
        }
        let document = SchemaDocument(root: root, path: path, includedIn: namespace)
        for element in root.elements where element.name.namespace == SchemaVocabulary.namespace {
            let location = element.attribute("schemaLocation")
            switch element.name.local {
            case "import":
                if let location { follow(location, from: element, path: path, includedIn: nil) }
            case "include":
                if let location { follow(location, from: element, path: path, includedIn: document.targetNamespace) }
            case "redefine":
                if let location { follow(location, from: element, path: path, includedIn: document.targetNamespace) }
                schemas.append(
                    SchemaDocument(root: element, path: path, includedIn: document.targetNamespace, isRedefinition: true, enclosing: root))
            default: continue
            }
        }
        schemas.append(document)
    }

    private mutating func follow(_ location: String, from element: XMLElement, path: String, includedIn namespace: String?) {
        switch files.resolve(location, from: path) {
        case .success(let target):
            let isChameleon = namespace != nil && target.root.attribute("targetNamespace") == nil
            guard visited.insert(Visit(path: target.path, namespace: isChameleon ? namespace ?? "" : "")).inserted else { return }
            if target.root.name.namespace == SchemaVocabulary.namespace {
                readSchema(target.root, path: target.path, includedIn: namespace)
            } else {
                read(target.root, path: target.path)
            }
        case .failure(let refusal):
            findings.append(
                SchemaFinding(
                    kind: .unresolvedReference, message: "\(FindingLog.quoted(location)) \(refusal.reason)", path: path,
                    position: element.position))
        }
    }
}
