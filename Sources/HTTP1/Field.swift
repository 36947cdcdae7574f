/// One field line, as offsets into the head.
@frozen
public struct Field: Hashable, Sendable {
    /// The name, as received.
    public var name: ByteRange
    /// The value without the white space around it.
    public var value: ByteRange
    /// The whole line with its CRLF: copy this to pass the field on. (Its LF alone, where an answer
    /// `hasLooseLines`.)
    public var line: ByteRange
    public var id: FieldID
    /// True if the field ends here and is not passed on: the fields RFC 9110 §7.6.1 lists, those that
    /// `Connection` names, and those that have no meaning in this message (`Expect` without a body,
    /// `Content-Length` in a 204). Never true for `Host`.
    public var hopByHop: Bool

    @inlinable
    public init(name: ByteRange, value: ByteRange, line: ByteRange, id: FieldID, hopByHop: Bool) {
        self.name = name
        self.value = value
        self.line = line
        self.id = id
        self.hopByHop = hopByHop
    }
}
