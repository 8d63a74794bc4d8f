using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;

namespace Chancery.Server.Tests.Contracts;

/// <summary>The calls on contracts that these tests make, in a line each.</summary>
internal static class ContractApi
{
    public const string Wish = "A mutual NDA between Acme GmbH and Beta Ltd under German law for two years";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static Task<JsonElement> DraftAsync(
        this TestUser user,
        string instruction = Wish,
        HttpStatusCode expected = HttpStatusCode.Created
    ) => user.PostAsync("/api/v1/contracts", new { instruction, model = "extractive" }, expected);

    public static async Task<JsonElement> EditAsync(
        this TestUser user,
        Guid contract,
        int from,
        object edit,
        HttpStatusCode expected = HttpStatusCode.Created
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/contracts/{contract}/edits")
        {
            Content = JsonContent.Create(new { edits = new[] { edit } }, options: ChanceryFixture.Json),
        };
        request.Headers.TryAddWithoutValidation("If-Match", $"\"{from}\"");
        using var response = await user.Http.SendAsync(request, Cancel);
        return await KnowledgeApi.BodyAsync(response, expected);
    }

    public static object Replacing(Guid clause, string text) =>
        new
        {
            op = "replace_text",
            clause,
            text,
        };

    public static Guid ContractId(this JsonElement view) => view.GetProperty("contract").Id();

    public static JsonElement[] Clauses(this JsonElement view) => [.. view.GetProperty("clauses").EnumerateArray()];

    /// <summary>Clauses that say something, so that an edit of one has words to meet.</summary>
    public static JsonElement[] Spoken(this JsonElement view) =>
        [.. view.Clauses().Where(clause => clause.Text("source").Length > 0)];
}
