/// A 64-bit number, written as a string or as a number.
struct GatewayNumber: Decodable, Sendable {
    let value: Int64

    init(from decoder: any Decoder) throws {
        let single = try decoder.singleValueContainer()
        if let text = try? single.decode(String.self) {
            guard let value = Int64(text) else {
                throw DecodingError.dataCorruptedError(in: single, debugDescription: "not a number")
            }
            self.value = value
        } else {
            value = try single.decode(Int64.self)
        }
    }
}
