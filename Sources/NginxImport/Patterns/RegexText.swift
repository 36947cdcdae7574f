/// Text in regular expressions.
enum RegexText {
    private static let special = Set("\\^$.[]|()?*+{}".utf8)

    /// An expression that matches exactly `text`.
    static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if special.contains(byte) { bytes.append(UInt8(ascii: "\\")) }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
