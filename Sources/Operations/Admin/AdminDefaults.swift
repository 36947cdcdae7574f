import Glibc

/// Where the admin interface and its tokens are, where nobody has named a place.
package enum AdminDefaults {
    /// The folder of the sockets of tiers that no service manager gives a folder.
    private static let folder = "/run/berth"
    /// The name of the credential with the tokens.
    private static let credential = "admin-token"

    /// The socket of a tier: in the folder that the service manager has made for it, or in `/run/berth`, if that exists
    /// and is the user's own. Nil: there is no such folder.
    package static func socket(of tier: String) -> ControlAddress? {
        if let folder = runtimeDirectory {
            return try? ControlAddress.parse(path: folder + "/admin.sock").get()
        }
        guard isOwnFolder(folder) else { return nil }
        return ControlAddress(path: "\(folder)/\(tier).sock")
    }

    /// The sockets that commands try, where none is named.
    package static let candidates = [
        "/run/berth/admin.sock", "/run/berth/front.sock", "/run/berth/local.sock",
        "/run/berth-front/admin.sock",
        "/run/berth-local/admin.sock",
    ]

    /// The socket of the only tier of this machine.
    ///
    /// - Parameter candidates: the first one goes before all others.
    /// - Throws: where there are several, or only sockets of tiers that have ended; the message names them.
    package static func onlySocket(
        among candidates: [String] = candidates
    ) throws(ControlSocketError) -> ControlAddress {
        let found = candidates.filter { path in
            var status = stat()
            return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
        }
        // A tier that was killed leaves its socket. One that may not be used is there.
        let live = found.filter { (try? ControlSocket.isLive($0)) ?? true }
        if let first = live.first, live.count == 1 || first == candidates.first {
            return ControlAddress(path: first)
        }
        guard live.isEmpty else {
            throw ControlSocketError(
                path: live.joined(separator: ", "),
                reason: "there are several tiers: name the socket of one"
            )
        }
        guard found.isEmpty else {
            throw ControlSocketError(
                path: found.joined(separator: ", "),
                reason: found.count == 1
                    ? "no tier listens: the one that made this socket has ended"
                    : "no tier listens: those that made these sockets have ended"
            )
        }
        return .usual
    }

    /// The tokens that the service manager has passed as a credential (`LoadCredential=admin-token:…`); nil: none.
    package static var tokenFile: String? {
        guard let folder = environment("CREDENTIALS_DIRECTORY") else { return nil }
        let path = "\(folder)/\(credential)"
        return access(path, F_OK) == 0 ? path : nil
    }

    /// The number of a group, by its name or its number; nil: there is none.
    package static func group(_ name: String) -> UInt32? {
        if let number = UInt32(name) { return number }
        var entry = Glibc.group()
        var found: UnsafeMutablePointer<Glibc.group>?
        var room = [CChar](repeating: 0, count: 64 << 10)
        guard getgrnam_r(name, &entry, &room, room.count, &found) == 0, found != nil else { return nil }
        return entry.gr_gid
    }

    /// The first of several.
    private static var runtimeDirectory: String? {
        environment("RUNTIME_DIRECTORY")?.split(separator: ":").first.map(String.init)
    }

    private static func environment(_ name: String) -> String? {
        guard let value = getenv(name), value[0] != 0 else { return nil }
        return String(cString: value)
    }

    private static func isOwnFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid()
    }
}
