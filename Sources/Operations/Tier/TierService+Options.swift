import NIOCore
import Registration
package import Routing
import SystemSupport

extension TierService {
    package struct Options: Sendable {
        package var listen: [Endpoint]
        /// … and those with TLS.
        package var secure: [ListenerPlans.Secure]
        /// Event loops, each with a thread.
        package var loops: Int
        /// Another instance may listen at the same addresses: one that drains.
        package var sharesPorts: Bool
        /// A connection is accepted when its first bytes have arrived.
        package var defersAccept: Bool
        package var accessLog: AccessLogDestination
        package var format: AccessLogFormat
        /// Where what rules tap is recorded; nil: nowhere.
        package var tapLog: TapLog.Destination?
        /// The maximum time for running exchanges to finish when the tier stops.
        package var drain: Duration
        /// The folder where sources keep their last names for the next start; nil: they keep none.
        package var stateDirectory: String?
        /// Where the tier registers itself, and the names that it serves.
        package var registrations: [RegistrationPlan]
        /// A file that exists while the tier is ready; nil: there is none.
        package var readyFile: String?
        /// How the admin interface is reached.
        package var admin: AdminOptions
        /// Of messages on standard error; nil: operators cannot change it.
        package var logThreshold: LogThreshold?
        /// The share of hosts, percent, that may change their route by one reload; nil: all may.
        package var reloadGuard: Double?
        /// Rule files are read again only when an operator says so.
        package var reloadsManually = false
        /// Where metrics are served alone; nil: nowhere.
        package var metrics: Endpoint?
        /// The rule files and folders to watch and reload; empty: the plan never changes.
        package var rules: [String]
        /// These files as they were before they were read.
        package var rulesRead: WatchedRules
        /// What this process has from another one.
        package var inheritance = Inheritance()
        /// That the program was built from; nil: not known.
        package var commit: String?
        /// The path of this program, for take-overs; nil: each has to name one.
        package var program: String?

        package init(
            listen: [Endpoint],
            secure: [ListenerPlans.Secure] = [],
            loops: Int = System.coreCount,
            sharesPorts: Bool = false,
            defersAccept: Bool = false,
            accessLog: AccessLogDestination = .standardOutput,
            format: AccessLogFormat = .text,
            drain: Duration = .seconds(30),
            stateDirectory: String? = nil,
            registrations: [RegistrationPlan] = [],
            readyFile: String? = nil,
            admin: ControlAddress? = nil,
            metrics: Endpoint? = nil,
            rules: [String] = [],
            rulesRead: WatchedRules = WatchedRules()
        ) {
            self.listen = listen
            self.secure = secure
            self.loops = loops
            self.sharesPorts = sharesPorts
            self.defersAccept = defersAccept
            self.accessLog = accessLog
            self.format = format
            self.drain = drain
            self.stateDirectory = stateDirectory
            self.registrations = registrations
            self.readyFile = readyFile
            self.admin = AdminOptions(socket: admin)
            self.metrics = metrics
            self.rules = rules
            self.rulesRead = rulesRead
        }
    }
}
