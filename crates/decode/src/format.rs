//! The formats that a message can have.

/// A format, or a protocol whose messages have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    Text,
    Bytes,
    Json,
    MessagePack,
    Cbor,
    Protobuf,
    /// Socket.IO over Engine.IO 4.
    SocketIo,
    GraphqlTransportWs,
    /// The older protocol of subscriptions-transport-ws.
    GraphqlWs,
    Stomp,
    /// MQTT 3.1.1.
    Mqtt,
    Mqtt5,
    /// With JSON, MessagePack or CBOR.
    Wamp,
    /// With JSON or MessagePack.
    SignalR,
    Phoenix,
    ActionCable,
    JsonRpc,
    Image,
    /// gzip or zlib.
    Compressed,
}

/// Why a message is taken for its format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    Chosen,
    Subprotocol,
    /// The path of the request.
    Path,
    /// An earlier message of the connection.
    Opening,
    /// The bytes themselves.
    Shape,
}

impl Format {
    pub const ALL: [Self; 19] = [
        Self::Text,
        Self::Bytes,
        Self::Json,
        Self::MessagePack,
        Self::Cbor,
        Self::Protobuf,
        Self::SocketIo,
        Self::GraphqlTransportWs,
        Self::GraphqlWs,
        Self::Stomp,
        Self::Mqtt,
        Self::Mqtt5,
        Self::Wamp,
        Self::SignalR,
        Self::Phoenix,
        Self::ActionCable,
        Self::JsonRpc,
        Self::Image,
        Self::Compressed,
    ];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Bytes => "Bytes",
            Self::Json => "JSON",
            Self::MessagePack => "MessagePack",
            Self::Cbor => "CBOR",
            Self::Protobuf => "Protocol Buffers",
            Self::SocketIo => "Socket.IO",
            Self::GraphqlTransportWs => "graphql-transport-ws",
            Self::GraphqlWs => "graphql-ws",
            Self::Stomp => "STOMP",
            Self::Mqtt => "MQTT 3.1.1",
            Self::Mqtt5 => "MQTT 5",
            Self::Wamp => "WAMP",
            Self::SignalR => "SignalR",
            Self::Phoenix => "Phoenix channels",
            Self::ActionCable => "Action Cable",
            Self::JsonRpc => "JSON-RPC",
            Self::Image => "Image",
            Self::Compressed => "gzip or zlib",
        }
    }

    /// The format with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

impl Why {
    /// The end of a sentence that begins with the format.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Chosen => "as you chose",
            Self::Subprotocol => "because of the subprotocol",
            Self::Path => "because of the path of the request",
            Self::Opening => "because of how the connection began",
            Self::Shape => "because of its shape",
        }
    }
}
