import ArgumentParser
import Operations
import Routing
import Settings

/// A listener with TLS and one certificate, without a rule file: for the first minute. Others are in `listeners`.
struct TLSOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A certificate with its chain, PEM: listen with TLS. More of them, and folders: `listeners` of a rule file.",
            valueName: "file"
        )
    )
    var tlsCert: String?

    @Option(
        help: ArgumentHelp(
            "The certificate's key, PEM (default: in the file of --tls-cert).",
            valueName: "file"
        )
    )
    var tlsKey: String?

    @Option(
        help: ArgumentHelp(
            "An address to listen on with TLS (default: 0.0.0.0:443). May be given several times.",
            valueName: "address:port"
        )
    )
    var tlsListen: [String] = []

    func listeners() throws(CommandFailure) -> [ListenerPlans.Secure] {
        guard let certificate = tlsCert else {
            guard tlsKey == nil, tlsListen.isEmpty else {
                throw CommandFailure("--\(tlsKey == nil ? "tls-listen" : "tls-key") needs --tls-cert")
            }
            return []
        }
        let pair = CertificateSettings.Pair(certificate: certificate, key: tlsKey ?? certificate)
        var listeners: [ListenerPlans.Secure] = []
        for text in tlsListen.isEmpty ? ["0.0.0.0:443"] : tlsListen {
            let address = try ListenAddress.parse(text, option: "--tls-listen")
            listeners.append(
                ListenerPlans.Secure(address: address, certificates: CertificateSettings(pairs: [pair]))
            )
        }
        return listeners
    }
}
