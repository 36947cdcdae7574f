import NIOCore

extension LoggedRequest {
    /// Writes the head of the request.
    ///
    /// - Returns: false if a part of it contains a line break, which no head can contain.
    func write(into head: inout ByteBuffer) -> Bool {
        head.clear()
        for part in [method, target, host, referer, userAgent]
        where part.contains(where: { $0 == 0x0A || $0 == 0x0D }) {
            return false
        }
        head.writeBytes(method)
        head.writeStaticString(" ")
        head.writeBytes(target)
        head.writeStaticString(" HTTP/1.1\r\nHost: ")
        head.writeBytes(host)
        if !referer.isEmpty {
            head.writeStaticString("\r\nReferer: ")
            head.writeBytes(referer)
        }
        if !userAgent.isEmpty {
            head.writeStaticString("\r\nUser-Agent: ")
            head.writeBytes(userAgent)
        }
        head.writeStaticString("\r\n\r\n")
        return true
    }
}
