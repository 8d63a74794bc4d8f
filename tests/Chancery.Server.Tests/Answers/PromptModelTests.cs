using System.Net;
using Chancery.Server.Tests.Knowledge;
using Chancery.Server.Tests.Prompts;
using Chancery.Testing;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Answers;

/// <summary>Whom the version of the prompt in use says to ask, and how.</summary>
public sealed class PromptModelTests(PromptModelTests.Fixture chancery) : IClassFixture<PromptModelTests.Fixture>
{
    [Fact]
    public async Task An_answer_is_written_as_the_version_in_use_says_and_as_a_request_says_otherwise()
    {
        var user = await GivenAsync();
        var careful = (await user.GetAsync("/api/v1/models"))
            .Items()
            .Select(model => model.Text("id"))
            .Single(id => id.EndsWith("careful", StringComparison.Ordinal));
        await UseAsync(user, careful);
        var question = $"When does the ferry leave? {Guid.CreateVersion7()}";
        chancery.Scripts[question] = new ScriptedReply("The ferry leaves at nine [1].");

        var open = await user.AskAsync(new { question });
        var named = await user.AskAsync(
            new
            {
                question,
                model = "scripted",
                max_tokens = 200,
            }
        );
        var asked = chancery.Model.ChatRequests.Where(request => request.LastUserMessage == question).ToArray();

        Assert.Equal((careful, "scripted"), (open.Text("model"), named.Text("model")));
        Assert.Equal(["careful", "scripted"], asked.Select(request => request.Model));
        Assert.Equal([333, 200], asked.Select(MostTokens));
        Assert.All(asked, request => Assert.Equal(0.9, request.Body.GetProperty("temperature").GetDouble(), 3));
    }

    [Fact]
    public async Task A_model_that_fails_or_is_not_there_any_more_is_replaced_by_the_usual_one()
    {
        var user = await GivenAsync();
        await UseAsync(user, "a-model-of-last-year");
        var question = $"When does the ferry leave? {Guid.CreateVersion7()}";
        chancery.Scripts[question] = new ScriptedReply("The ferry leaves at nine [1].");
        var gone = await user.AskAsync(new { question });

        var failing = await GivenAsync();
        var careful = (await failing.GetAsync("/api/v1/models"))
            .Items()
            .Select(model => model.Text("id"))
            .Single(id => id.EndsWith("careful", StringComparison.Ordinal));
        await UseAsync(failing, careful);
        var other = $"And when does it come back? {Guid.CreateVersion7()}";
        chancery.Echoes[other] = request =>
            request.Model == "careful"
                ? ScriptedReply.Failing(500)
                : new ScriptedReply("The ferry leaves at nine [1].");
        var replaced = await failing.AskAsync(new { question = other });

        Assert.Equal(("answered", "scripted"), (gone.Text("outcome"), gone.Text("model")));
        Assert.Equal(("answered", "scripted"), (replaced.Text("outcome"), replaced.Text("model")));
    }

    private static int MostTokens(ScriptedRequest request) =>
        request.Body.TryGetProperty("max_completion_tokens", out var most)
            ? most.GetInt32()
            : request.Body.GetProperty("max_tokens").GetInt32();

    private async Task<TestUser> GivenAsync()
    {
        var user = await chancery.SignUpAsync();
        chancery.Passages.Of(user.TenantId, "The ferry leaves at nine.");
        return user;
    }

    private static async Task UseAsync(TestUser user, string model)
    {
        var prompt = (await user.GetAsync("/api/v1/prompts")).Items().Single(one => one.Text("name") == "answer");
        var shipped = await user.GetAsync($"/api/v1/prompts/{prompt.Id()}/versions/1");
        await user.PostAsync(
            $"/api/v1/prompts/{prompt.Id()}/versions",
            new
            {
                content = new
                {
                    system = shipped.GetProperty("content").Text("system"),
                    text = "",
                    model,
                    temperature = 0.9,
                    max_tokens = 333,
                },
            },
            HttpStatusCode.Created
        );
        await user.PutAsync($"/api/v1/prompts/{prompt.Id()}/labels/production", new { version = 2 });
    }

    /// <summary>With two models of one server.</summary>
    public sealed class Fixture : AnswersFixture
    {
        protected override void Prepare()
        {
            Settings["OLLAMA_URL"] = Model.BaseAddress.ToString();
            Settings["OLLAMA_MODELS"] = "careful";
        }
    }
}
