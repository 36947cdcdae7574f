import Foundation
import RoutingConfig
import Testing

@testable import RuleTesting

/// A folder of the test's own, gone when it ends.
final class Folder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "berth-cases-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path + "/"
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func write(_ text: String, to name: String) throws {
        try text.write(toFile: path + name, atomically: true, encoding: .utf8)
    }

    func read(_ name: String) throws -> String {
        try String(contentsOfFile: path + name, encoding: .utf8)
    }

    /// Runs the folder's cases.
    func run(_ name: String = "") throws -> CaseReport {
        var suite = try CaseSuite([path + name])
        return suite.run()
    }
}

enum Rules {
    static let front = #"""
        rules:
          - name: old
            host: old.test.priv
            redirect: https://new.test.priv${uri}
          - name: closed
            host: '*.internal.test.priv'
            respond: { status: 403, body: closed }
          - name: saas
            host: '~^(?<app>wordpress|shop|wiki)_(?<container>[a-z0-9]+)_(?<host>[0-9]{2})\.test\.priv$'
            to: 'host_${host}:9000'
            set_headers: { X-App: '${app}' }
        names:
          - static: { host_01: 127.0.1.1, host_02: [127.0.2.1, 127.0.2.2] }
        """#

    static let local = #"""
        rules:
          - name: container
            host: '~^(?<app>[a-z]+)_(?<container>[a-z0-9]+)_[0-9]{2}\.test\.priv$'
            to: '${container}:8080'
        trusted_proxies: [127.0.0.0/8]
        names:
          - static: { c1: 127.0.1.11 }
        """#
}

extension Folder {
    static func withRules() throws -> Folder {
        let folder = try Folder()
        try folder.write(Rules.front, to: "front.yaml")
        try folder.write(Rules.local, to: "local.yaml")
        return folder
    }
}
