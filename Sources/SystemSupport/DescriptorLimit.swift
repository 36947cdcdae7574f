import Glibc

/// The limit of open file descriptors. Each exchange needs two.
package enum DescriptorLimit {
    /// Raises the soft limit to the hard one. Does nothing if the system refuses.
    package static func raise() {
        guard var limit = read() else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(resource, &limit)
    }

    /// How many this process may have open; nil where the system does not tell.
    package static var current: Int? { read().map { Int(clamping: $0.rlim_cur) } }

    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)

    private static func read() -> rlimit? {
        var limit = rlimit()
        return getrlimit(resource, &limit) == 0 ? limit : nil
    }
}
