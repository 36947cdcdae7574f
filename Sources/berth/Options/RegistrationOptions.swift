import ArgumentParser
import EtcdClient
import Operations
import Registration
import RegistryClient
import Routing
import Settings

/// The options for registering a tier and publishing its names.
struct RegistrationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Register this tier while it serves: etcd=http://10.0.0.1:2379/berth/hosts/host_01.",
            valueName: "etcd=url/key"
        )
    )
    var register: String?

    @Option(
        help: ArgumentHelp(
            "Publish the names that this tier serves, while it serves: etcd=http://10.0.0.1:2379/berth/containers/{name}_01.",
            valueName: "etcd=url/key"
        )
    )
    var publish: String?

    @Option(
        help: ArgumentHelp("The address to register, which others connect to.", valueName: "address:port")
    )
    var advertise: String?

    @Option(
        help: ArgumentHelp("After a crash, the name is removed within this time.", valueName: "seconds")
    )
    var registerTtl = 10

    @Option(help: ArgumentHelp("The registry user (see --register-password-file).", valueName: "name"))
    var registerUser: String?

    @Option(help: ArgumentHelp("A file with the registry user's password.", valueName: "file"))
    var registerPasswordFile: String?

    @Option(help: ArgumentHelp("PEM file of CA certificates for the registry.", valueName: "file"))
    var registerCa: String?

    @Option(help: ArgumentHelp("PEM file of the client certificate for the registry.", valueName: "file"))
    var registerCert: String?

    @Option(help: ArgumentHelp("PEM file of the client certificate's key.", valueName: "file"))
    var registerKey: String?

    /// The registrations of the tier: of itself, and of the names that it serves.
    ///
    /// - Parameter takesOver: from an instance with the same address.
    func plans(takesOver: Bool) throws(CommandFailure) -> [RegistrationPlan] {
        if advertise != nil, register == nil, publish == nil {
            throw CommandFailure("--advertise needs --register or --publish")
        }
        var plans: [RegistrationPlan] = []
        if let register {
            plans.append(
                try plan("--register", takesOver) { () throws(RegistryError) in
                    try RegistrationAddress(register)
                }
            )
        }
        if let publish {
            plans.append(
                try plan("--publish", takesOver) { () throws(RegistryError) in
                    try RegistrationAddress(template: publish)
                }
            )
        }
        return plans
    }

    private func plan(
        _ option: String,
        _ takesOver: Bool,
        _ address: () throws(RegistryError) -> RegistrationAddress
    ) throws(CommandFailure) -> RegistrationPlan {
        let endpoint = try endpoint(for: option)
        do throws(RegistryError) {
            var address = try address()
            secure(&address.cluster)
            return RegistrationPlan(
                address: address,
                advertise: endpoint,
                ttl: registerTtl,
                takesOver: takesOver
            )
        } catch {
            throw CommandFailure("\(option): \(error)")
        }
    }

    private func secure(_ cluster: inout EtcdCluster) {
        cluster.user = registerUser
        cluster.passwordFile = registerPasswordFile
        cluster.ca = registerCa
        cluster.certificate = registerCert
        cluster.key = registerKey
    }

    private func endpoint(for option: String) throws(CommandFailure) -> Endpoint {
        guard let advertise else {
            throw CommandFailure("\(option) needs --advertise, the address that others connect to")
        }
        guard let endpoint = Endpoint(advertise), endpoint.port > 0 else {
            throw CommandFailure(
                "--advertise: '\(advertise)' is not an address and port; write it like 10.0.0.5:9000"
            )
        }
        if [IPAddress("0.0.0.0"), IPAddress("::")].contains(endpoint.address) {
            throw CommandFailure(
                "--advertise: '\(advertise)' is not an address to connect to; give one address of this host"
            )
        }
        return endpoint
    }
}
