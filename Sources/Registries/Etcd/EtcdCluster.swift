/// Where an etcd cluster is, and who asks it.
public struct EtcdCluster: Sendable, Hashable {
    /// The members' client addresses: `http://10.0.0.1:2379`, `https://…`. Asked in turn; at least one.
    public var endpoints: [String]
    /// The prefix of the keys: `/berth/hosts/`; a key's rest is the name.
    public var prefix: String
    public var user: String?
    /// A file whose one line is the password; read when it is needed.
    public var passwordFile: String?
    /// PEM files: whom to trust (nil: the system's roots), and who we are.
    public var ca: String?
    public var certificate: String?
    public var key: String?

    public init(
        endpoints: [String],
        prefix: String = "/berth/hosts/",
        user: String? = nil,
        passwordFile: String? = nil,
        ca: String? = nil,
        certificate: String? = nil,
        key: String? = nil
    ) {
        self.endpoints = endpoints
        self.prefix = prefix
        self.user = user
        self.passwordFile = passwordFile
        self.ca = ca
        self.certificate = certificate
        self.key = key
    }
}

extension EtcdCluster: CustomStringConvertible {
    /// `etcd http://10.0.0.1:2379 /berth/hosts/`.
    public var description: String { "etcd \(endpoints.joined(separator: ",")) \(prefix)" }
}

/// Settings of a registry that cannot be used, in words.
public struct RegistryError: Error, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
