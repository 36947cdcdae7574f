import Routing

/// A socket that servers listen on.
struct Listen: Hashable {
    /// `*:80`, `127.0.0.1:8080`, `[::]:443`, `unix:/run/x.sock`.
    let address: String
    let port: Int?
    let isDefault: Bool
    let usesTLS: Bool
    let usesProxyProtocol: Bool
    let usesHTTP2: Bool
    let position: SourceLocation

    /// The socket of a server without `listen`, if nginx's master process runs as root.
    static func implied(at position: SourceLocation) -> Listen {
        Listen(
            address: "*:80",
            port: 80,
            isDefault: false,
            usesTLS: false,
            usesProxyProtocol: false,
            usesHTTP2: false,
            position: position
        )
    }

    private init(
        address: String,
        port: Int?,
        isDefault: Bool,
        usesTLS: Bool,
        usesProxyProtocol: Bool,
        usesHTTP2: Bool,
        position: SourceLocation
    ) {
        self.address = address
        self.port = port
        self.isDefault = isDefault
        self.usesTLS = usesTLS
        self.usesProxyProtocol = usesProxyProtocol
        self.usesHTTP2 = usesHTTP2
        self.position = position
    }

    /// Nil: the directive has no address.
    init?(_ directive: Directive) {
        guard let text = directive.argument(0) else { return nil }
        let options = directive.arguments.dropFirst().map(\.text)
        var port: Int? = 80
        var address: String
        if text.hasPrefix("unix:") {
            address = text
            port = nil
        } else if let number = Int(text) {
            port = number
            address = "*:\(number)"
        } else if let colon = text.lastIndex(of: ":"), let number = Int(text[text.index(after: colon)...]),
            !text.hasSuffix("]")
        {
            port = number
            address = text
        } else {
            address = "\(text):80"
        }
        if address.hasPrefix("0.0.0.0:") { address = "*:" + address.dropFirst("0.0.0.0:".utf8.count) }
        self.init(
            address: address,
            port: port,
            isDefault: options.contains("default_server") || options.contains("default"),
            usesTLS: options.contains("ssl"),
            usesProxyProtocol: options.contains("proxy_protocol"),
            usesHTTP2: options.contains("http2"),
            position: directive.position
        )
    }

    /// As `berth front --listen` takes it.
    var forBerth: String { address.hasPrefix("*:") ? "0.0.0.0:" + address.dropFirst(2) : address }
}
