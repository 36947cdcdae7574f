package import Proxy
package import Routing
package import RoutingConfig
package import Settings
package import TLS

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

    /// Reads all certificates. Blocks.
    ///
    /// - Parameters:
    ///   - plain: the addresses of `--listen`.
    ///   - secure: those of `--tls-listen`.
    ///   - settings: the listeners of the rule files.
    /// - Throws: every problem of every file.
    static func make(
        plain: [Endpoint],
        secure: [Secure],
        _ settings: [ListenerSettings]
    ) throws(CertificateFailure) -> [ListenerPlan] {
        var plans = plain.map { ListenerPlan($0) }
        var problems: [CertificateProblem] = []
        func certificates(_ settings: CertificateSettings) -> ListenerCertificates? {
            do throws(CertificateFailure) {
                return ListenerCertificates(try CertificateStore(settings))
            } catch {
                problems += error.problems
                return nil
            }
        }
        for listener in secure {
            plans.append(ListenerPlan(listener.address, certificates: certificates(listener.certificates)))
        }
        for listener in settings {
            plans.append(
                ListenerPlan(
                    listener.address,
                    certificates: listener.tls.flatMap { certificates($0.certificates) },
                    strictTransport: listener.tls?.hsts.map { Array($0.fieldValue.utf8) } ?? [],
                    redirectsToHTTPS: listener.redirectsToHTTPS
                )
            )
        }
        // Never a listener without TLS in place of one whose certificates cannot be read.
        guard problems.isEmpty else { throw CertificateFailure(problems: problems) }
        return plans
    }

    /// Whether a running tier would have to start again for these listeners: for other certificates alone it does not.
    static func needRestart(_ new: [ListenerSettings], _ old: [ListenerSettings]) -> Bool {
        func shape(_ settings: [ListenerSettings]) -> Set<Shape> {
            Set(settings.map { Shape($0.address, $0.redirectsToHTTPS, $0.tls != nil, $0.tls?.hsts) })
        }
        return shape(new) != shape(old)
    }

    private struct Shape: Hashable {
        let address: Endpoint
        let redirects: Bool
        let isSecure: Bool
        let hsts: HSTSSettings?

        init(_ address: Endpoint, _ redirects: Bool, _ isSecure: Bool, _ hsts: HSTSSettings?) {
            self.address = address
            self.redirects = redirects
            self.isSecure = isSecure
            self.hsts = hsts
        }
    }
}
