/// Where an etcd cluster is, which of its keys count, and how Berth authenticates itself.
package struct EtcdCluster: Sendable, Hashable {
    /// The members' client addresses, tried in turn; at least one.
    package var endpoints: [String]
    /// The prefix of the keys, which ends in `/`; a key's rest is the name.
    package var prefix: String
    package var user: String?
    /// Its one line is the password; read when it is needed.
    package var passwordFile: String?
    /// PEM; nil: the system's certificates.
    package var ca: String?
    /// PEM; nil: no client certificate.
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

extension EtcdCluster {
    /// Distinguishes sources, in logs and in the names of state files: `etcd http://10.0.0.1:2379 /berth/hosts/`.
    package var label: String { "etcd \(endpoints.joined(separator: ",")) \(prefix)" }
}

/// `etcd`: names below a prefix of a cluster.
package struct EtcdSettings: SettingGroup, Hashable {
    package var cluster = EtcdCluster(endpoints: [])
    /// The maximum number of endpoints of all names together.
    package var maxEndpoints = 250_000
    /// Nil: without limit.
    package var maxStale: Duration?
    /// The prefix of the records that operators set for all tiers, which ends in `/`; nil: none are followed.
    package var control: String? = "/berth/control/"

    /// Where the records of operators are; nil: none are followed.
    package var controlCluster: EtcdCluster? {
        control.map { prefix in
            var cluster = cluster
            cluster.prefix = prefix
            return cluster
        }
    }

    package init() {}

    package static let name = "etcd"

    package static let settings: [Setting<EtcdSettings>] = [
        Setting(
            "endpoints",
            .list(of: "URLs", example: "'http://127.0.0.1:2379'", count: 1...32),
            unset: "required",
            "The members of the cluster, tried in turn: `['http://10.0.0.1:2379']`."
        ),
        Setting(
            "prefix",
            .special(type: "text"),
            unset: "`\(EtcdSettings().cluster.prefix)`",
            "The keys that start with it are names; a missing `/` at its end is added."
        ),
        Setting(
            "user",
            .text(\.cluster.user),
            unset: "no authentication",
            "The user to authenticate as; needs `password_file`."
        ),
        Setting(
            "password_file",
            .path(\.cluster.passwordFile),
            "The file with the password; needs `user`."
        ),
        Setting(
            "ca",
            .path(\.cluster.ca),
            unset: "the system's certificates",
            "A PEM file of the certificate authorities to trust."
        ),
        Setting(
            "cert",
            .path(\.cluster.certificate),
            unset: "no client certificate",
            "A PEM file with the client certificate; needs `key`."
        ),
        Setting(
            "key",
            .path(\.cluster.key),
            "A PEM file with the key of `cert`."
        ),
        Setting(
            "max_endpoints",
            .count(\.maxEndpoints, unit: "endpoints", range: 1...10_000_000),
            "The endpoints of all names together. Further names are refused, and logged."
        ),
        Setting(
            "max_stale",
            .optionalDuration(\.maxStale),
            unset: "without limit",
            "How long the last names stay in force while the cluster is down."
        ),
        Setting(
            "control",
            .special(type: "text, or `off`"),
            unset: "`/berth/control/`",
            "The prefix of what operators set for all tiers with `berth deploy`, `pause` and `stop`. `off`: the tier does not follow it."
        ),
    ]
}
