/// The field lines of a head, and the positions of those that determine what the message means.
struct FieldSection {
    /// How often a field occurs, and where last.
    struct Occurrence {
        var count = 0
        var index = 0

        @inline(__always)
        mutating func note(_ index: Int) {
            count &+= 1
            self.index = index
        }
    }

    var host = Occurrence()
    var contentLength = Occurrence()
    var transferEncoding = Occurrence()
    var connection = Occurrence()
    var upgrade = Occurrence()
    var expect = Occurrence()
    /// A line ends with LF alone.
    var isLoose = false

    /// Parses lines from `position` on into `fields`, up to and with the empty line.
    ///
    /// - Parameter bareLF: lines may end with LF alone.
    /// - Returns: false if the empty line has not been received.
    mutating func parse(
        _ bytes: Span<UInt8>,
        at position: inout Int,
        into fields: inout [Field],
        limit: Int,
        bareLF: Bool = false
    ) throws(FieldError) -> Bool {
        var field = Field(name: .empty, value: .empty, line: .empty, id: .other, hopByHop: false)
        while true {
            let start = position
            switch try field.parseLine(bytes, at: &position, bareLF: bareLF) {
            case .incomplete: return false
            case .end: return true
            case .field: break
            case .looseField: isLoose = true
            }
            let index = fields.count
            guard index < limit else {
                position = start
                throw .tooMany
            }
            switch field.id {
            case .host: host.note(index)
            case .contentLength: contentLength.note(index)
            case .transferEncoding: transferEncoding.note(index)
            case .connection: connection.note(index)
            case .upgrade: upgrade.note(index)
            case .expect: expect.note(index)
            default: break
            }
            fields.append(field)
        }
    }

    /// The framing that the fields determine, or nil if there are none. RFC 9112 §6.
    func framing(
        _ bytes: Span<UInt8>,
        _ fields: [Field],
        version: HTTPVersion
    ) throws(FramingError) -> BodyFraming? {
        if transferEncoding.count == 0 {
            if contentLength.count == 0 { return nil }
            guard contentLength.count == 1 else { throw .severalLengths }
            return .length(try ContentLength.parse(bytes, fields[contentLength.index].value))
        }
        guard version != .http10 else { throw .codingInHTTP10 }
        guard contentLength.count == 0 else { throw .lengthAndCoding }
        guard transferEncoding.count == 1 else { throw .severalCodings }
        try TransferCoding.check(bytes, fields[transferEncoding.index].value)
        return .chunked
    }
}
