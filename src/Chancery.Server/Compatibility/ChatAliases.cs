using Chancery.Server.Answers.Chat;

namespace Chancery.Server.Compatibility;

/// <summary>Paths of older clients for questions: <c>POST /chat</c> takes and answers what <c>POST /api/v1/chat</c> does.</summary>
internal static class ChatAliases
{
    // The page at /chat answers every method it is not told otherwise about; a POST is ours.
    public static void Map(IEndpointRouteBuilder routes) =>
        ChatEndpoint.Map(routes, "/chat", "ChatAlias").WithMetadata(new ObsoleteAttribute()).WithOrder(-1);
}
