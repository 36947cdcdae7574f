import ArgumentParser
import Operations
import Registries
import Routing

/// How a tier says that it serves.
struct RegistrationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Register this tier while it serves: etcd=http://10.0.0.1:2379/berth/hosts/host_01.",
            valueName: "etcd=url/key"
        )
    )
    var register: String?

    @Option(help: ArgumentHelp("The address to register: what others connect to.", valueName: "address:port"))
    var advertise: String?

    @Option(
        help: ArgumentHelp("After a crash the name is gone within this many seconds.", valueName: "seconds")
    )
    var registerTtl = 10

    @Option(help: ArgumentHelp("The registry's user; the password is in a file.", valueName: "name"))
    var registerUser: String?

    @Option(help: ArgumentHelp("The file with the password.", valueName: "file"))
    var registerPasswordFile: String?

    @Option(help: ArgumentHelp("PEM: whom to trust as the registry.", valueName: "file"))
    var registerCa: String?

    @Option(help: ArgumentHelp("PEM: the certificate to show to the registry.", valueName: "file"))
    var registerCert: String?

    @Option(help: ArgumentHelp("PEM: its key.", valueName: "file"))
    var registerKey: String?

    func plan() throws(CommandFailure) -> RegistrationPlan? {
        guard let register else {
            if advertise != nil {
                throw CommandFailure("--advertise says what --register registers; it has no --register")
            }
            return nil
        }
        guard let advertise else {
            throw CommandFailure("--register needs --advertise: the address that others connect to")
        }
        guard let endpoint = Endpoint(advertise), endpoint.port > 0 else {
            throw CommandFailure("--advertise: '\(advertise)' is not like 10.0.0.5:9000")
        }
        if [IPAddress("0.0.0.0"), IPAddress("::")].contains(endpoint.address) {
            throw CommandFailure(
                "--advertise: nobody can connect to '\(advertise)'; name one address of this host"
            )
        }
        do throws(RegistryError) {
            var address = try RegistrationAddress(register)
            address.cluster.user = registerUser
            address.cluster.passwordFile = registerPasswordFile
            address.cluster.ca = registerCa
            address.cluster.certificate = registerCert
            address.cluster.key = registerKey
            return RegistrationPlan(address: address, advertise: endpoint, ttl: registerTtl)
        } catch {
            throw CommandFailure("--register: \(error)")
        }
    }
}
