package import NIOCore
package import Routing
import ServerNames

/// The request that a dry run follows.
package struct DryRunRequest {
    /// `http://host[:port]/path?query`, or `https`, as bytes: hostile input is the point.
    package var url: [UInt8]
    package var method = "GET"
    package var headers: [(name: String, value: String)] = []
    /// Who sends it.
    package var client: IPAddress

    package init(url: [UInt8], client: IPAddress) {
        self.url = url
        self.client = client
    }

    /// The port of the URL, or its scheme's.
    var port: UInt16 { RequestURL(url).port }

    /// The server name that a client sends for the URL; nil: none, as for an address.
    var serverName: ServerName? {
        guard let host = try? HostName(RequestURL(url).authority.span), let name = ServerName(host.text)
        else {
            return nil
        }
        if case .address = name { return nil }
        return name
    }

    var scheme: RequestURL.Scheme { RequestURL(url).scheme }

    /// The request as bytes; nil where a part of it would end a line and begin another.
    package var head: ByteBuffer? {
        let url = RequestURL(url)
        var bytes = ByteBuffer()
        bytes.writeString(method)
        bytes.writeStaticString(" ")
        bytes.writeBytes(url.target)
        bytes.writeStaticString(" HTTP/1.1\r\nHost: ")
        bytes.writeBytes(url.authority)
        bytes.writeStaticString("\r\n")
        for header in headers { bytes.writeString("\(header.name): \(header.value)\r\n") }
        bytes.writeStaticString("\r\n")
        let breaks = bytes.readableBytesView.count { $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") }
        return breaks == 2 * (3 + headers.count) ? bytes : nil
    }
}
