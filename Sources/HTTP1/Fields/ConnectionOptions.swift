import Bytes

/// The options of the `Connection` fields of a head (RFC 9110 §7.6.1).
struct ConnectionOptions {
    var close = false
    var keepAlive = false
    var upgrade = false

    /// Reads all `Connection` fields, and marks the fields that they name as hop-by-hop.
    static func read(
        _ bytes: Span<UInt8>,
        _ section: FieldSection,
        _ fields: inout [Field]
    ) throws(FramingError) -> ConnectionOptions {
        var options = ConnectionOptions()
        guard section.connection.count > 0 else { return options }
        var named = 0
        if section.connection.count == 1 {
            try options.read(bytes, fields[section.connection.index].value, &fields, named: &named)
        } else {
            for index in fields.indices where fields[index].id == .connection {
                try options.read(bytes, fields[index].value, &fields, named: &named)
            }
        }
        return options
    }

    private mutating func read(
        _ bytes: Span<UInt8>,
        _ value: ByteRange,
        _ fields: inout [Field],
        named: inout Int
    ) throws(FramingError) {
        var elements = ListElements(value.indices)
        while let element = elements.next(bytes).map(ByteRange.init) {
            let word = bytes.word(at: element.lowerBound, length: element.count)
            switch element.count {
            case 2 where word.spells("te"): continue
            case 5 where word.spells("close"):
                close = true
                continue
            case 7 where word.spells("upgrade"):
                upgrade = true
                continue
            case 10
            where word.spells("keep-ali")
                && bytes.word(at: element.lowerBound &+ 8, length: 2).spells("ve"):
                keepAlive = true
                continue
            default: break
            }
            guard bytes.tokenEnd(from: element.lowerBound) == element.upperBound else { throw .badConnection }
            named &+= 1
            guard named <= HTTP1Constants.connectionOptions else { throw .tooManyConnectionOptions }
            for index in fields.indices
            where !fields[index].hopByHop && !fields[index].id.isKeptAlways
                && bytes.equals(fields[index].name, element)
            {
                fields[index].hopByHop = true
            }
        }
    }
}
