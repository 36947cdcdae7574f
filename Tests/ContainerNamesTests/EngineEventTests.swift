import Foundation
import Testing

@testable import ContainerNames

@Suite struct EngineEventTests {
    @Test func `A network's events concern the container, in Docker's form and in Podman's`() throws {
        let docker = """
            {"Type": "network", "Action": "connect", "Actor": {"ID": "net", "Attributes": {"container": "c1"}}}
            """
        let podman = """
            {"status": "disconnect", "id": "c1", "Type": "network", "Action": "disconnect",
             "Actor": {"ID": "c1", "Attributes": {"name": "web"}}}
            """
        for text in [docker, podman] {
            let event = try JSONDecoder().decode(EngineEvent.self, from: Data(text.utf8))
            #expect(event.change?.id == "c1")
        }
    }
}
