/// One field line, as offsets into the head.
@frozen @usableFromInline
package struct Field: Hashable, Sendable {
    /// The name, as received.
    @usableFromInline package var name: ByteRange
    /// The value without the white space around it.
    @usableFromInline package var value: ByteRange
    /// The whole line with its CRLF: copy this to pass the field on. (With LF alone, where a response
    /// `hasLooseLines`.)
    @usableFromInline package var line: ByteRange
    @usableFromInline package var id: FieldID
    /// The field does not pass on: the fields that RFC 9110 §7.6.1 lists, those that `Connection` names, and those
    /// without a meaning in this message (`Expect` without a body,
    /// `Content-Length` in a 204). Never true for `Host`.
    @usableFromInline package var hopByHop: Bool

    @inlinable
    package init(name: ByteRange, value: ByteRange, line: ByteRange, id: FieldID, hopByHop: Bool) {
        self.name = name
        self.value = value
        self.line = line
        self.id = id
        self.hopByHop = hopByHop
    }
}
