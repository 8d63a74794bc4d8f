using System.Net;
using System.Text.Json;
using Chancery.Server.Platform.LocalModels;
using Chancery.Testing;

namespace Chancery.Server.Tests.Knowledge;

/// <summary>Vectors of texts, and the paths of older clients, by the model in this process.</summary>
public sealed class LocalEmbeddingCallTests(LocalModelFixture chancery) : IClassFixture<LocalModelFixture>
{
    private const string Route = "/api/v1/embeddings";

    private static string Identity => LocalModelCatalogue.Shipped.Find(LocalModelCatalogue.DefaultModel)!.Identity;

    [Fact]
    public async Task The_model_goes_by_its_name_and_answers_under_which_name_its_vectors_belong_together()
    {
        var user = await chancery.SignUpAsync();

        var short1 = await user.PostAsync(Route, new { input = "Notice ends a contract.", model = "all-minilm-l6-v2" });
        var full = await user.PostAsync(
            Route,
            new
            {
                input = "Notice ends a contract.",
                model = Identity,
                dimensions = 384,
                input_type = "query",
            }
        );
        var shorter = await user.PostAsync(Route, new { input = "a", dimensions = 256 }, HttpStatusCode.BadRequest);

        Assert.Equal(Identity, short1.Text("model"));
        Assert.Equal(384, short1.GetProperty("data")[0].GetProperty("embedding").GetArrayLength());
        Assert.Equal(7, short1.GetProperty("usage").GetProperty("total_tokens").GetInt32());
        Assert.Equal(short1.GetProperty("data").GetRawText(), full.GetProperty("data").GetRawText());
        Assert.Contains("vectors of 384", shorter.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_text_that_is_too_long_is_refused_and_cut_off_for_who_says_so()
    {
        var user = await chancery.SignUpAsync();
        var longer = string.Join(' ', Enumerable.Repeat("word", 300));
        var cut = string.Join(' ', Enumerable.Repeat("word", 254));

        var refused = await user.PostAsync(Route, new { input = new[] { "short", longer } }, HttpStatusCode.BadRequest);
        var both = await user.PostAsync(Route, new { input = new[] { cut, longer }, truncate = true });

        Assert.Contains(
            "It has 302 tokens, and the model reads 256",
            refused.GetProperty("errors").GetProperty("input[1]")[0].GetString(),
            StringComparison.Ordinal
        );
        var data = both.GetProperty("data");
        Assert.Equal(data[0].GetProperty("embedding").GetRawText(), data[1].GetProperty("embedding").GetRawText());
        Assert.Equal(512, both.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task The_older_path_for_a_vector_answers_in_its_own_shape_and_echoes_no_model_that_it_did_not_use()
    {
        var user = await chancery.SignUpAsync();
        const string route = "/api/embeddings/generate";

        var answer = await user.PostAsync(route, new { text = "Notice ends a contract.", model = "all-MiniLM-L6-v2" });
        var usual = await user.PostAsync(route, new { text = "Notice ends a contract." });
        var other = await user.PostAsync(
            route,
            new { text = "a", model = "all-mpnet-base-v2" },
            HttpStatusCode.BadRequest
        );
        var empty = await user.PostAsync(route, new { text = " " }, HttpStatusCode.BadRequest);
        var longer = await user.PostAsync(route, new { text = string.Join(' ', Enumerable.Repeat("word", 300)) });

        Assert.Equal(["embedding", "model", "dimensions"], answer.EnumerateObject().Select(member => member.Name));
        Assert.Equal(384, answer.GetProperty("dimensions").GetInt32());
        Assert.Equal(384, longer.GetProperty("embedding").GetArrayLength());
        Assert.Equal(Identity, answer.Text("model"));
        Assert.Equal(answer.GetRawText(), usual.GetRawText());
        Assert.Contains("There is: all-MiniLM-L6-v2.", other.ToString(), StringComparison.Ordinal);
        Assert.True(empty.GetProperty("errors").TryGetProperty("text", out _));
    }

    [Fact]
    public async Task Three_documents_of_an_optician_are_indexed_and_found_by_the_older_paths()
    {
        var user = await chancery.SignUpAsync();
        await IndexAsync(
            user,
            "progressive.txt",
            "Progressive lenses are the best choice for older patients with presbyopia: they correct near, intermediate and distance vision without a visible line."
        );
        await IndexAsync(
            user,
            "coatings.txt",
            "Anti-reflective coatings reduce glare and reflections on spectacle lenses. They help when driving at night and in front of screens."
        );
        await IndexAsync(
            user,
            "children.txt",
            "Polycarbonate is recommended for the glasses of children, because it is impact resistant and light."
        );

        var question = await SearchAsync(user, "What lenses are best for older patients?", 0.5);
        var presbyopia = await SearchAsync(user, "presbyopia", 0);
        var above = await SearchAsync(user, "What lenses are best for older patients?", Similarity(question, 0));
        var beyond = await SearchAsync(
            user,
            "What lenses are best for older patients?",
            Similarity(question, 0) + 0.0001
        );
        var usual = await user.PostAsync("/api/rag/search", new { query = "Which cheese do we sell?" });

        Assert.Equal("What lenses are best for older patients?", question.Text("query"));
        Assert.StartsWith("Progressive lenses", question.Results()[0].Text("content"), StringComparison.Ordinal);
        Assert.Equal("progressive.txt", question.Results()[0].Text("filename"));
        Assert.Equal("optics", question.Results()[0].Text("category"));
        Assert.All(question.Results(), result => Assert.True(result.GetProperty("similarity").GetDouble() > 0.5));
        Assert.Equal(question.Results().Length, question.GetProperty("total_found").GetInt32());
        Assert.StartsWith("Progressive lenses", presbyopia.Results()[0].Text("content"), StringComparison.Ordinal);
        var similarities = presbyopia
            .Results()
            .Select(result => result.GetProperty("similarity").GetDouble())
            .ToArray();
        Assert.Equal(similarities.OrderDescending(), similarities);
        // Strictly greater: the best does not exceed its own similarity, and the same text beside others in one batch of the model
        // comes out a little different in the last places.
        Assert.All(
            above.Results(),
            result => Assert.Equal(Similarity(question, 0), result.GetProperty("similarity").GetDouble(), 0.0001)
        );
        Assert.Empty(beyond.Results());
        Assert.Empty(usual.Results());
    }

    [Theory]
    [InlineData("/api/rag/search", """{"query":"a","company_id":"ID"}""", "company_id")]
    [InlineData("/api/rag/index-document", """{"filename":"a","content":"b","company_id":"ID"}""", "company_id")]
    [InlineData("/api/rag/index-document", """{"filename":"a","content":"b","user_id":"ID"}""", "user_id")]
    public async Task An_id_that_is_not_the_callers_own_is_refused_whosever_it_is(
        string route,
        string body,
        string field
    )
    {
        var user = await chancery.SignUpAsync();
        var other = await chancery.SignUpAsync();
        string[] ids = [other.TenantId.ToString(), other.UserId.ToString(), Guid.CreateVersion7().ToString(), "7"];

        foreach (var id in ids)
        {
            using var content = new StringContent(
                body.Replace("ID", id, StringComparison.Ordinal),
                System.Text.Encoding.UTF8,
                "application/json"
            );
            var problem = await KnowledgeApi.BodyAsync(
                await user.Http.PostAsync(route, content, TestContext.Current.CancellationToken),
                HttpStatusCode.Forbidden
            );
            Assert.Equal("foreign-id", problem.Text("code"));
            Assert.StartsWith(field, problem.Text("detail"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_older_path_for_a_document_takes_parameters_of_the_address_and_says_what_is_wrong()
    {
        var user = await chancery.SignUpAsync();
        const string route = "/api/rag/index-document";

        var indexed = await user.PostAsync(
            $"{route}?company_id={user.TenantId}&user_id={user.UserId}&filename=lens.txt&content=A+lens+bends+light.",
            expected: HttpStatusCode.OK
        );
        using var nothing = await user.Http.PostAsync(route, null, TestContext.Current.CancellationToken);
        var noName = await user.PostAsync(route, new { content = "b" }, HttpStatusCode.BadRequest);
        var noText = await user.PostAsync(route, new { filename = "a", content = "" }, HttpStatusCode.BadRequest);
        var binary = await user.PostAsync(
            route,
            new { filename = "a.pdf", content = "%PDF-1.7 not one" },
            HttpStatusCode.UnprocessableEntity
        );

        Assert.Equal("indexed", indexed.Text("status"));
        var document = await user.GetAsync($"/api/v1/docs/{indexed.GetProperty("document_id").GetGuid()}");
        Assert.Equal("lens.txt", document.Text("path"));
        Assert.Equal(HttpStatusCode.BadRequest, nothing.StatusCode);
        Assert.True(noName.GetProperty("errors").TryGetProperty("filename", out _));
        Assert.True(noText.GetProperty("errors").TryGetProperty("content", out _));
        Assert.Equal("not-indexed", binary.Text("code"));
    }

    private static async Task IndexAsync(TestUser user, string filename, string content)
    {
        var answer = await user.PostAsync(
            "/api/rag/index-document",
            new
            {
                company_id = user.TenantId,
                user_id = user.UserId,
                filename,
                content,
                category = "optics",
            }
        );
        Assert.Equal("indexed", answer.Text("status"));
        await VectorTests.CompleteAsync(user, answer.GetProperty("document_id").GetGuid());
    }

    private static Task<JsonElement> SearchAsync(TestUser user, string query, double threshold) =>
        user.PostAsync(
            "/api/rag/search",
            new
            {
                query,
                company_id = user.TenantId,
                limit = 3,
                threshold,
            }
        );

    private static double Similarity(JsonElement answer, int place) =>
        answer.Results()[place].GetProperty("similarity").GetDouble();
}
