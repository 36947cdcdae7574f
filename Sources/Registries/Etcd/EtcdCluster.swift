/// Where an etcd cluster is, and who asks it.
package struct EtcdCluster: Sendable, Hashable {
    /// The members' client addresses: `http://10.0.0.1:2379`, `https://…`. Asked in turn; at least one.
    package var endpoints: [String]
    /// The prefix of the keys: `/berth/hosts/`; a key's rest is the name.
    package var prefix: String
    package var user: String?
    /// A file whose one line is the password; read when it is needed.
    package var passwordFile: String?
    /// PEM files: whom to trust (nil: the system's roots), and who we are.
    package var ca: String?
    package var certificate: String?
    package var key: String?

    package init(
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
    package var description: String { "etcd \(endpoints.joined(separator: ",")) \(prefix)" }
}

/// Settings of a registry that cannot be used, in words.
package struct RegistryError: Error, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
