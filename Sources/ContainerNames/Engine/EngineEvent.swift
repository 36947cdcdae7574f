/// One line of `GET /events`.
struct EngineEvent: Decodable, Sendable {
    struct Subject: Decodable, Sendable {
        let ID: String?
        let Attributes: [String: String]?
    }

    let type: String?
    let Action: String?
    let status: String?
    let id: String?
    let Actor: Subject?

    private enum CodingKeys: String, CodingKey {
        case type = "Type"
        case Action, status, id, Actor
    }

    /// The container and its change; nil: the event does not concern names.
    var change: (id: String, ContainersMachine.Change)? {
        let action = Action ?? status ?? ""
        if type == "network" {
            // Docker gives the container in an attribute, Podman as the actor.
            guard action == "connect" || action == "disconnect",
                let id = Actor?.Attributes?["container"] ?? Actor?.ID, !id.isEmpty
            else { return nil }
            return (id, .changed)
        }
        guard type == nil || type == "container", let id = Actor?.ID ?? id, !id.isEmpty else { return nil }
        // `health_status: healthy`; `exec_start: …` comes with every health check and is ignored.
        switch action.prefix(while: { $0 != ":" }) {
        case "die", "died", "stop", "kill", "oom", "pause", "remove", "destroy", "cleanup":
            return (id, action == "kill" || action == "oom" ? .changed : .gone)
        case "start", "restart", "unpause", "health_status", "rename", "update", "connect", "disconnect":
            return (id, .changed)
        default: return nil
        }
    }
}
