/// The field `Cookie` (RFC 6265 §4.2).
package enum CookieField {
    /// The value of the first cookie of a name; nil: the field has none.
    package static func value(of name: [UInt8], in field: Span<UInt8>) -> Range<Int>? {
        var start = 0
        while start < field.count {
            var end = start
            while end < field.count, field[end] != ASCII.semicolon { end += 1 }
            while start < end, field[start] == ASCII.space || field[start] == ASCII.tab { start += 1 }
            let pair = field.extracting(start..<end)
            if pair.count > name.count, pair[name.count] == ASCII.equals, pair.hasPrefix(name.span) {
                return (start + name.count + 1)..<end
            }
            start = end + 1
        }
        return nil
    }
}
