public import NIOCore

/// Gives the reader of a description the further files that the description refers to.
public protocol DescriptionLoader: Sendable {
    /// The text of a file.
    ///
    /// - Parameter path: where the file is, relative to the folder of the description it was named by, with `/` between the parts and
    ///   without `.` and `..`: a loader cannot be asked for what lies above.
    /// - Throws: `IngestError` where there is no such file, or it may not be read.
    ///   It has a query only where that is what the description asks for.
    func load(_ path: String) async throws(IngestError) -> ByteBuffer

    /// The path by which a whole address may be asked for, relative to the same folder; nil where it lies elsewhere.
    func path(of address: String) -> String?
}

extension DescriptionLoader {
    /// No address: files alone are loaded.
    public func path(of address: String) -> String? { nil }
}

/// Reads the description of an API, whatever its format, with the further files it refers to.
public enum DescriptionReader {
    /// Reads a text.
    ///
    /// - Parameters:
    ///   - bytes: the text that the operator named.
    ///   - name: the name of its file, without a folder, by which further files refer back to it.
    ///   - soap: the version of SOAP that is spoken where a WSDL offers both; nil: that of its first port.
    ///   - loader: gives further files; without one, what is in them is missing.
    /// - Throws: `IngestError` with the place where there is one.
    @concurrent
    public static func read(
        _ bytes: ByteBuffer, named name: String = "", soap: SOAPVersion? = nil, loader: (any DescriptionLoader)?
    ) async throws(IngestError) -> IngestedAPI {
        if WSDLReader.isXML(bytes) { return try await WSDLReader.read(bytes, named: name, soap: soap, loader: loader) }
        let entry = try OpenAPIReader.document(bytes)
        guard let loader else { return try OpenAPIReader.read(entry) }
        return try OpenAPIReader.read(await FileCollector.collect(entry, named: name, loader), entry: entry)
    }
}
