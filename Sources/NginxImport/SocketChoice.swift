/// The servers of one socket: a rule file is for one.
struct SocketChoice {
    let listen: Listen
    /// In the order of the file.
    let servers: [ServerBlock]

    /// Nil: there is none.
    init?(_ servers: [ServerBlock], wanted: String?, _ findings: FindingList) {
        var order: [Listen] = []
        var places: [String: [Int]] = [:]
        for (index, server) in servers.enumerated() {
            for listen in server.listens where places[listen.address]?.last != index {
                if places[listen.address] == nil { order.append(listen) }
                places[listen.address, default: []].append(index)
            }
        }
        let matching = order.filter { listen in
            guard let wanted else { return true }
            return listen.address == wanted || listen.forBerth == wanted
                || listen.port.map(String.init) == wanted
        }
        // max(by:) takes the last of equals: the first is meant.
        guard
            let chosen = matching.reversed().max(by: {
                (places[$0.address]?.count ?? 0) < (places[$1.address]?.count ?? 0)
            })
        else { return nil }
        let indices = places[chosen.address] ?? []
        self.servers = indices.compactMap { servers.indices.contains($0) ? servers[$0] : nil }
        listen = chosen
        for (index, server) in servers.enumerated() where !indices.contains(index) {
            let addresses = server.listens.map(\.address).joined(separator: ", ")
            findings.untranslated(
                "server",
                at: server.place,
                "it listens on \(addresses), and this file is for \(chosen.address): import again with --listen"
            )
        }
        for index in indices where servers.indices.contains(index) {
            for listen in servers[index].listens {
                if listen.address == chosen.address {
                    if listen.usesTLS {
                        findings.untranslated(
                            "listen ssl",
                            at: listen.place,
                            "Berth does not speak TLS to clients yet"
                        )
                    }
                    if listen.usesProxyProtocol {
                        findings.untranslated(
                            "listen proxy_protocol",
                            at: listen.place,
                            "Berth does not read it yet"
                        )
                    }
                } else if Self.isSame(listen, as: chosen), places[listen.address] == indices {
                    // The same servers for IPv6: another `--listen` of the same rules.
                    continue
                } else if places[listen.address] == indices {
                    findings.note(
                        "listen \(listen.address)",
                        at: listen.place,
                        "the same rules serve it: give another --listen"
                    )
                } else {
                    findings.untranslated(
                        "listen \(listen.address)",
                        at: listen.place,
                        "other servers are there than on \(chosen.address): import again with --listen"
                    )
                }
            }
        }
    }

    private static func isSame(_ a: Listen, as b: Listen) -> Bool {
        a.port == b.port && a.address.hasPrefix("[::]:") && b.address.hasPrefix("*:")
    }
}
