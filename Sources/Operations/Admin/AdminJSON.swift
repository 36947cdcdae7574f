import FoundationEssentials

/// The JSON of the admin interface, for commands that print it.
package enum AdminJSON {
    /// On several lines; members have the names that the admin interface gives them.
    package static func text(_ value: some Encodable) throws -> String {
        let encoder = ControlResponse.encoder
        encoder.outputFormatting.insert(.prettyPrinted)
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
