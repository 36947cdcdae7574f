import Routing

/// The servers of one socket. A rule file serves one socket.
struct SocketSelection {
    let listen: Listen
    /// In the order of the file.
    let servers: [ServerBlock]

    /// Selects the socket that is wanted, or the one with the most servers; nil: there is none.
    init?(_ servers: [ServerBlock], wanted: String?, _ findings: FindingCollector) {
        var order: [Listen] = []
        var serverIndices: [String: [Int]] = [:]
        for (index, server) in servers.enumerated() {
            for listen in server.listens where serverIndices[listen.address]?.last != index {
                if serverIndices[listen.address] == nil { order.append(listen) }
                serverIndices[listen.address, default: []].append(index)
            }
        }
        let matching = order.filter { listen in
            guard let wanted else { return true }
            return listen.address == wanted || listen.forBerth == wanted
                || listen.port.map(String.init) == wanted
        }
        // Of equals the first.
        guard
            let chosen = matching.max(by: {
                (serverIndices[$0.address]?.count ?? 0) < (serverIndices[$1.address]?.count ?? 0)
            })
        else { return nil }
        let indices = serverIndices[chosen.address] ?? []
        self.servers = indices.compactMap { servers.indices.contains($0) ? servers[$0] : nil }
        listen = chosen
        for (index, server) in servers.enumerated() where !indices.contains(index) {
            let addresses = server.listens.map(\.address).joined(separator: ", ")
            findings.untranslated(
                "server",
                at: server.position,
                "it listens on \(addresses); this rule file is for \(chosen.address): import again with --listen"
            )
        }
        for index in indices where servers.indices.contains(index) {
            for listen in servers[index].listens {
                if listen.address == chosen.address {
                    if listen.usesTLS {
                        findings.untranslated(
                            "listen ssl",
                            at: listen.position,
                            "Berth does not support TLS on its listeners yet"
                        )
                    }
                    if listen.usesHTTP2, !listen.usesTLS {
                        findings.untranslated(
                            "listen http2",
                            at: listen.position,
                            "Berth does not support HTTP/2 yet"
                        )
                    }
                    if listen.usesProxyProtocol {
                        findings.untranslated(
                            "listen proxy_protocol",
                            at: listen.position,
                            "Berth does not support the PROXY protocol yet"
                        )
                    }
                } else if listen.usesTLS != chosen.usesTLS {
                    findings.untranslated(
                        "listen \(listen.address)",
                        at: listen.position,
                        "this rule file is for \(chosen.address): import again with --listen"
                    )
                } else if serverIndices[listen.address] == indices,
                    Self.standard(servers, listen.address) == Self.standard(servers, chosen.address)
                {
                    // The same servers for IPv6: another `--listen` of the same rules.
                    if Self.isSame(listen, as: chosen) { continue }
                    guard listen.port != chosen.port, Self.usesPort(servers[index].directive) else {
                        findings.note(
                            "listen \(listen.address)",
                            at: listen.position,
                            "the same rules serve it: add another --listen"
                        )
                        continue
                    }
                    findings.untranslated(
                        "listen \(listen.address)",
                        at: listen.position,
                        "in this rule file, $server_port is that of \(chosen.address): import again with --listen"
                    )
                } else {
                    findings.untranslated(
                        "listen \(listen.address)",
                        at: listen.position,
                        "it has other servers than \(chosen.address): import again with --listen"
                    )
                }
            }
        }
    }

    /// The index of the default server of a socket, if one is named.
    private static func standard(_ servers: [ServerBlock], _ address: String) -> Int? {
        servers.firstIndex { $0.listens.contains { $0.address == address && $0.isDefault } }
    }

    private static func usesPort(_ directive: Directive) -> Bool {
        directive.words.contains { $0.text.contains("server_port") }
            || (directive.block ?? []).contains(where: usesPort)
    }

    private static func isSame(_ a: Listen, as b: Listen) -> Bool {
        a.port == b.port && a.address.hasPrefix("[::]:") && b.address.hasPrefix("*:")
    }
}
