import Glibc

/// The limit of open file descriptors. Each exchange needs two.
enum DescriptorLimit {
    /// Raises the soft limit to the hard one. Does nothing if the system refuses.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
