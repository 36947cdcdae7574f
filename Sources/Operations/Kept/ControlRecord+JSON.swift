import FoundationEssentials

/// A record as a registry has it: `{"endpoints": [{"endpoint": "10.0.0.5:8080"}], "hold": {"state": "paused", "max": 30}}`.
extension ControlRecord {
    func encoded() -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Texts and finite numbers: encoding cannot fail.
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    /// - Parameter name: of the target.
    /// - Throws: where anything in it is not understood.
    init(decoding bytes: [UInt8], of name: String) throws(RecordFlaw) {
        guard try Self.name(name) == name else { throw RecordFlaw("the name is not in lower case") }
        let data = Data(bytes)
        do {
            self = try JSONDecoder().decode(ControlRecord.self, from: data)
            let known = try JSONDecoder().decode(JSONTree.self, from: Data(encoded().utf8))
            guard try JSONDecoder().decode(JSONTree.self, from: data) == known else {
                throw RecordFlaw("it has keys that this program does not know")
            }
        } catch let flaw as RecordFlaw {
            throw flaw
        } catch {
            throw RecordFlaw(JSONTree.reason(error))
        }
        try validate(name)
    }
}
