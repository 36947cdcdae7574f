/// A socket that servers listen on.
struct Listen: Hashable {
    /// `*:80`, `127.0.0.1:8080`, `[::]:443`, `unix:/run/x.sock`.
    let address: String
    let port: Int?
    let isDefault: Bool
    let usesTLS: Bool
    let usesProxyProtocol: Bool
    let place: NginxPlace

    /// Where a server without `listen` listens (of a master process that runs as root).
    static func implied(at place: NginxPlace) -> Listen {
        Listen(
            address: "*:80",
            port: 80,
            isDefault: false,
            usesTLS: false,
            usesProxyProtocol: false,
            place: place
        )
    }

    private init(
        address: String,
        port: Int?,
        isDefault: Bool,
        usesTLS: Bool,
        usesProxyProtocol: Bool,
        place: NginxPlace
    ) {
        self.address = address
        self.port = port
        self.isDefault = isDefault
        self.usesTLS = usesTLS
        self.usesProxyProtocol = usesProxyProtocol
        self.place = place
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
            place: directive.place
        )
    }

    /// As `berth front --listen` wants it.
    var forBerth: String { address.hasPrefix("*:") ? "0.0.0.0:" + address.dropFirst(2) : address }
}
