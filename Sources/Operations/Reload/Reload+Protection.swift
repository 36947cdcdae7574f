import ProxyCore

extension TierService.Options {
    /// - Parameter recentHosts: the hosts of the last minutes.
    func protection(_ recentHosts: @escaping @Sendable () async -> [RecentHost]) -> Reload.Protection {
        Reload.Protection(
            // Without an admin interface nobody remembers hosts.
            limit: admin.isOff ? nil : reloadGuard,
            isManual: reloadsManually,
            recentHosts: recentHosts
        )
    }
}
