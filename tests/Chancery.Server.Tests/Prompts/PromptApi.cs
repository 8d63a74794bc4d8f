using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;

namespace Chancery.Server.Tests.Prompts;

/// <summary>Calls about prompts.</summary>
internal static class PromptApi
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A prompt with one version, which is in production.</summary>
    public static async Task<Guid> PromptAsync(
        this TestUser user,
        string system,
        string text = "{{topic}}",
        params string[] variables
    ) => await user.PromptAsync(system, text, $"Prompt {Guid.CreateVersion7():N}", variables);

    public static async Task<Guid> PromptAsync(this TestUser user, string system, string name) =>
        await user.PromptAsync(system, "{{topic}}", name, []);

    public static object Saying(string system) => Content(system, "{{topic}}", ["topic"]);

    public static async Task<JsonElement> PutAsync(
        this TestUser user,
        string path,
        object body,
        HttpStatusCode expected = HttpStatusCode.OK
    )
    {
        using var response = await user.Http.PutAsJsonAsync(path, body, Cancel);
        return await KnowledgeApi.BodyAsync(response, expected);
    }

    private static async Task<Guid> PromptAsync(
        this TestUser user,
        string system,
        string text,
        string name,
        string[] variables
    )
    {
        var made = await user.PostAsync(
            "/api/v1/prompts",
            new { name, content = Content(system, text, variables.Length == 0 ? ["topic"] : variables) },
            HttpStatusCode.Created
        );
        return made.GetProperty("prompt").Id();
    }

    private static object Content(string system, string text, string[] variables) =>
        new
        {
            system,
            text,
            variables = variables.Select(variable => new { name = variable }).ToArray(),
        };
}
