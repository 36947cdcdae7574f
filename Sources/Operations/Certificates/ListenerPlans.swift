import ProxyCore
import Logging
import Proxy
package import Routing
import RoutingConfig
package import Settings
import TLS

/// Where a tier listens: what the rule files say, with the certificates read.
package enum ListenerPlans {
    /// A listener of the command line with TLS.
    package struct Secure: Sendable {
        package var address: Endpoint
        package var certificates: CertificateSettings

        package init(address: Endpoint, certificates: CertificateSettings) {
            self.address = address
            self.certificates = certificates
        }
    }

    /// Reads all certificates, and the CAs of clients. Blocks.
    ///
    /// - Parameters:
    ///   - plain: the addresses of `--listen`.
    ///   - secure: those of `--tls-listen`.
    ///   - settings: the listeners of the rule files.
    ///   - clientAuthorities: the files of the CAs of clients.
    /// - Throws: every problem of every file.
    static func make(
        plain: [Endpoint],
        secure: [Secure],
        _ settings: [ListenerSettings],
        clientAuthorities: Set<String>
    ) throws(CertificateFailure) -> (plans: [ListenerPlan], clients: ClientAuthorityStore) {
        var plans = plain.map { ListenerPlan($0) }
        var problems: [CertificateProblem] = []
        var clients = ClientAuthorityStore()
        do throws(CertificateFailure) {
            clients = try ClientAuthorityStore(clientAuthorities)
        } catch {
            problems += error.problems
        }
        func certificates(_ settings: CertificateSettings) -> ListenerCertificates? {
            do throws(CertificateFailure) {
                return ListenerCertificates(try CertificateStore(settings))
            } catch {
                problems += error.problems
                return nil
            }
        }
        for listener in secure {
            plans.append(
                ListenerPlan(
                    listener.address,
                    certificates: certificates(listener.certificates),
                    allowsHTTP2: true
                )
            )
        }
        for listener in settings {
            plans.append(
                ListenerPlan(
                    listener.address,
                    certificates: listener.tls.flatMap { certificates($0.certificates) },
                    strictTransport: listener.tls?.hsts.map { Array($0.fieldValue.utf8) } ?? [],
                    clientCertificates: listener.tls?.clientCertificates,
                    redirectsToHTTPS: listener.redirectsToHTTPS,
                    allowsHTTP2: listener.allowsHTTP2
                )
            )
        }
        // Never a listener without TLS in place of one whose certificates cannot be read, nor clients that are not
        // verified.
        guard problems.isEmpty else { throw CertificateFailure(problems: problems) }
        return (plans, clients)
    }

    /// Whether a running tier would have to start again for these listeners: for other certificates, and others of
    /// clients, alone it does not.
    static func needRestart(_ new: [ListenerSettings], _ old: [ListenerSettings]) -> Bool {
        func shape(_ settings: [ListenerSettings]) -> Set<Shape> {
            Set(settings.map(Shape.init))
        }
        return shape(new) != shape(old)
    }

    private struct Shape: Hashable {
        let address: Endpoint
        let redirects: Bool
        let isSecure: Bool
        let allowsHTTP2: Bool
        let hsts: HSTSSettings?

        init(_ listener: ListenerSettings) {
            address = listener.address
            redirects = listener.redirectsToHTTPS
            isSecure = listener.tls != nil
            allowsHTTP2 = listener.allowsHTTP2
            hsts = listener.tls?.hsts
        }
    }
}
