/// Something in a tool's definition that an operator should look at before a model reads it.
public struct DefinitionFinding: Sendable, Hashable {
    /// What a finding means for the tool.
    public enum Severity: String, Sendable, Hashable {
        /// Reported; the tool is offered.
        case flag
        /// The tool is withheld until somebody approves it as it is.
        case hold
    }

    /// What was found. The identifiers are stable: settings and events name them.
    public struct Rule: Sendable, Hashable {
        /// The identifier, such as `hidden-text`.
        public let id: String

        /// Text that a person does not see: tags, runs of characters without width or of variation selectors, text far out of sight.
        public static let hiddenText = Rule(id: "hidden-text")
        /// A character that terminals obey.
        public static let controlCharacter = Rule(id: "control-character")
        /// Controls of direction that make text read as it is not.
        public static let bidirectionalText = Rule(id: "bidirectional-text")
        /// A name or word in letters that only look like its own, or a name that looks like the one of another tool.
        public static let lookAlikeName = Rule(id: "look-alike-name")
        /// Orders to the model that go beyond the tool: other instructions are to be forgotten, a role is given, an authority is claimed.
        public static let instructionToModel = Rule(id: "instruction-to-model")
        /// The model is to keep something from the user.
        public static let secrecy = Rule(id: "secrecy")
        /// The model is to act without the user's consent.
        public static let withoutConsent = Rule(id: "without-consent")
        /// The model is to read or hand over what is in a place of credentials.
        public static let credentialPath = Rule(id: "credential-path")
        /// The model is to send what it knows somewhere, or to put it in an argument.
        public static let exfiltration = Rule(id: "exfiltration")
        /// What other tools are to do, or that this one stands in for another server's.
        public static let otherTool = Rule(id: "other-tool")
        /// Text that passes for a message of the system or another turn of the conversation.
        public static let fakeTurn = Rule(id: "fake-turn")
        /// One of these in base64, in percent-encoding or in character references.
        public static let encodedInstruction = Rule(id: "encoded-instruction")
        /// A value given for use that is the address of a cloud's metadata service.
        public static let metadataAddress = Rule(id: "metadata-address")
        /// A pattern that takes exponential time where it is matched by backtracking.
        public static let costlyPattern = Rule(id: "costly-pattern")
        /// A schema that refers to a document elsewhere, which may change at any time.
        public static let externalReference = Rule(id: "external-reference")
        /// The name of a tool that another server has too.
        public static let sharedName = Rule(id: "shared-name")
        /// So much of it that the rest was not reviewed.
        public static let unreviewed = Rule(id: "unreviewed")
    }

    /// What was found.
    public var rule: Rule
    /// What it means for the tool.
    public var severity: Severity
    /// The string in the definition, as a JSON pointer (RFC 6901) that can be read; for a member's name, the member.
    public var pointer: String
    /// Where in the string, in Unicode scalars.
    public var offset: Int
    /// The text around, as `VisibleText` shows it.
    public var excerpt: String
    /// A sentence for the operator.
    public var message: String
}
