extension [UInt8] {
    /// Two lower-case hexadecimal digits for each byte: how fingerprints are written.
    package var hexadecimal: [UInt8] {
        flatMap { byte in
            [byte >> 4, byte & 0xF].map { $0 < 10 ? ASCII.zero &+ $0 : 0x61 &+ ($0 &- 10) }
        }
    }
}
