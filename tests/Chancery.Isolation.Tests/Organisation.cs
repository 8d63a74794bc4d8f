using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Chancery.Server.Access.Lifecycle.BreakGlass;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Operators;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Isolation.Tests;

/// <summary>
/// A tenant whose content carries a word that stands nowhere else, made through the API only. Things are made when an
/// example names them, fresh each time, so that one attack cannot hide behind what another left.
/// </summary>
internal sealed class Organisation(ChanceryFixture chancery, TestUser owner, string canary)
{
    private HttpClient _seeding = owner.Http;
    private string? _grouped;
    private string? _comment;
    private string? _run;
    private string? _answer;
    private string? _proposal;
    private string? _evalQuestion;
    private string? _askedDataset;

    /// <summary>The same bytes in every tenant: what is alike must not make tenants meet.</summary>
    private const string SharedFile =
        "# Notice periods\n\nEither party may end this agreement with thirty days notice.\n";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public TestUser Owner { get; } = owner;

    /// <summary>In titles, tags, names and texts of the whole tenant.</summary>
    public string Canary { get; } = canary;

    /// <summary>In the owner's own conversations only.</summary>
    public string PrivateCanary { get; } = "private" + canary;

    /// <summary>In what only owners and admins of the tenant may read.</summary>
    public string HiddenCanary { get; } = "hidden" + canary;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<Organisation> CreateAsync(ChanceryFixture chancery)
    {
        var canary = "canary" + Guid.CreateVersion7().ToString("n")[16..];
        var owner = await chancery.SignUpAsync(canary);
        return new Organisation(chancery, owner, canary);
    }

    /// <summary>Something of every kind, so that lists and searches have what they could leak.</summary>
    public async Task FillAsync()
    {
        await UploadAsync(SharedFile, "Notice periods");
        await MakeAsync("document");
        await MakeAsync("collection");
        await MakeAsync("conversation");
        await MakeAsync("invitation");
        await MakeAsync("key");
        await MakeAsync("client");
        await MakeAsync("query");
        await MakeAsync("group");
        await MakeAsync("account");
        await MakeAsync("commented_contract");
        await MakeAsync("playbook");
        await MakeAsync("library_clause");
        await MakeAsync("eval_run");
        await MakeAsync("red_team_run");
        await MakeAsync("upgrade");
        await MakeAsync("identity_issuer");
        await MakeAsync("shared_answer");
        await MakeAsync("operator_access");
        await SendAsync(HttpMethod.Patch, "/api/v1/me", new { name = Canary });
    }

    /// <summary>Somebody else in the same tenant, who may see its documents and not the owner's conversations.</summary>
    public Task<TestUser> ColleagueAsync() => chancery.InviteAsync(Owner, "admin");

    public static bool IsKind(string word) =>
        word
            is "document"
                or "deferred"
                or "deleted"
                or "failed"
                or "fetched"
                or "collection"
                or "conversation"
                or "answered_conversation"
                or "answer"
                or "shared_answer"
                or "share"
                or "invitation"
                or "member"
                or "key"
                or "client"
                or "session"
                or "passkey"
                or "account"
                or "group"
                or "staffed_group"
                or "contract"
                or "commented_contract"
                or "contract_comment"
                or "revised_contract"
                or "deleted_contract"
                or "proposed_contract"
                or "proposal"
                or "contract_operation"
                or "playbook"
                or "library_clause"
                or "eval_dataset"
                or "eval_question"
                or "eval_run"
                or "red_team_run"
                or "prompt"
                or "versioned_prompt"
                or "labelled_prompt"
                or "rolling_prompt"
                or "used_prompt"
                or "prompt_run"
                or "upgrade"
                or "grouped"
                or "identity_issuer"
                or "operator_access"
                or "query"
                or "tenant";

    /// <summary>What a word of an example stands for, made now.</summary>
    public async Task<string> MakeAsync(string word)
    {
        if (FactorSeeds.Knows(word))
        {
            return await Factors.MakeAsync(word);
        }

        if (word is "email" or "password")
        {
            await Factors.ForgetAsync();
        }

        return await OtherAsync(word);
    }

    private FactorSeeds Factors => field ??= new FactorSeeds(chancery, Owner, () => _seeding);

    private async Task<string> OtherAsync(string word) =>
        word switch
        {
            "document" => await DocumentAsync(),
            "deferred" => await UploadAsync(Content(), Canary, Canary, [("process", "false")]),
            "deleted" => await DeletedAsync(),
            "failed" => await FailedAsync(),
            "fetched" => await CreatedAsync(
                "/api/v1/docs/url",
                new { url = $"https://docs.example/{Canary}.pdf", title = Canary }
            ),
            "collection" => await CreatedAsync("/api/v1/collections", new { name = $"{Canary} {Unique()}" }),
            "conversation" => await ConversationAsync(),
            "answered_conversation" => await AnsweredAsync(),
            "answer" => _answer ?? await OfAsync("answered_conversation", () => _answer!),
            "shared_answer" => await SharedAnswerAsync(),
            "share" => await CreatedAsync($"/api/v1/conversations/{await ConversationAsync()}/shares", new { }),
            "invitation" => await CreatedAsync("/api/v1/invitations", Invitation()),
            "invitation_token" => Text(await SendAsync(HttpMethod.Post, "/api/v1/invitations", Invitation()), "token"),
            "member" => (await chancery.InviteAsync(Owner with { Http = _seeding }, "viewer")).UserId.ToString(),
            "key" => await CreatedAsync("/api/v1/keys", new { name = $"{Canary} {Unique()}", role = "editor" }),
            "account" => await CreatedAsync(
                "/api/v1/service-accounts",
                new { name = $"{Canary} {Unique()}", role = "editor" }
            ),
            "group" => await CreatedAsync("/api/v1/groups", new { name = $"{Canary} {Unique()}" }),
            "staffed_group" => await StaffedGroupAsync(),
            "identity_issuer" => await CreatedAsync(
                "/api/v1/identity/issuers",
                new
                {
                    label = Canary,
                    issuer = $"https://login.example.com/{Unique()}",
                    client_id = Canary,
                    algorithm = "ES256",
                }
            ),
            "grouped" => _grouped ?? await MakeAsync("member"),
            "client" => await CreatedAsync(
                "/api/v1/oauth/clients",
                new
                {
                    name = $"{Canary} {Unique()}",
                    type = "confidential",
                    redirect_uris = new[] { "https://app.example.com/callback" },
                }
            ),
            "contract" => await ContractAsync(),
            "commented_contract" => await CommentedContractAsync(),
            "contract_comment" => _comment ?? await OfAsync("commented_contract", () => _comment!),
            "revised_contract" => await RevisedContractAsync(),
            "deleted_contract" => await DeletedContractAsync(),
            "proposed_contract" => await ProposedContractAsync(),
            "proposal" => _proposal ?? await OfAsync("proposed_contract", () => _proposal!),
            "contract_operation" => await OperationAsync(),
            "playbook" => await CreatedAsync(
                "/api/v1/playbooks",
                new
                {
                    name = $"{Canary} {Unique()}",
                    rules = new[]
                    {
                        new
                        {
                            kind = "definition_required",
                            id = "term",
                            term = Canary,
                        },
                    },
                }
            ),
            "library_clause" => await CreatedAsync(
                "/api/v1/clauses",
                new
                {
                    type = "confidentiality",
                    title = $"{Canary} {Unique()}",
                    text = $"What {Canary} says stays between the parties.",
                }
            ),
            "eval_dataset" => await EvalDatasetAsync(),
            "eval_question" => _evalQuestion ?? await OfAsync("eval_dataset", () => _evalQuestion!),
            "eval_run" => await EvalRunAsync(),
            "red_team_run" => await RedTeamRunAsync(),
            "prompt" => await PromptAsync(),
            "versioned_prompt" => await VersionedPromptAsync(),
            "labelled_prompt" => await LabelledPromptAsync(),
            "rolling_prompt" => await RollingPromptAsync(),
            "used_prompt" => await UsedPromptAsync(),
            "upgrade" => await UpgradeAsync(),
            "prompt_run" => _run ?? await OfAsync("used_prompt", () => _run!),
            "operator_access" => await OperatorAccessAsync(),
            "organization" => Text(await SendAsync(HttpMethod.Get, "/api/v1/organization", null), "name"),
            "tenant" => Owner.TenantId.ToString(),
            "email" => Owner.Email,
            "password" => Owner.Password,
            "session" => await SessionAsync(),
            "query" => await QueryAsync(),
            "refresh" => Text(await SignInAsync(), "refresh_token"),
            "unique" => Unique(),
            _ => throw new ArgumentException($"No example may name \"{word}\": nothing is made for it."),
        };

    /// <summary>Whether somebody can be kept from reading it.</summary>
    public static bool CanBeHidden(string word) =>
        word is "document" or "deferred" or "deleted" or "failed" or "fetched" or "collection"
        || word.EndsWith("contract", StringComparison.Ordinal);

    /// <summary>What a word of an example stands for, for owners and admins only.</summary>
    public async Task<string> MakeHiddenAsync(string word)
    {
        var content = $"# {HiddenCanary}\n\nCanary canary canary: the word is {HiddenCanary}. {Unique()}\n";
        switch (word)
        {
            case "collection":
                var collection = await CreatedAsync("/api/v1/collections", new { name = $"{HiddenCanary} {Unique()}" });
                await HideAsync($"/api/v1/collections/{collection}");
                await SendAsync(
                    HttpMethod.Patch,
                    $"/api/v1/docs/{await UploadAsync(content, HiddenCanary, HiddenCanary)}",
                    new { collection_id = collection }
                );
                return collection;
            case "fetched":
                var fetched = await CreatedAsync(
                    "/api/v1/docs/url",
                    new { url = $"https://docs.example/{HiddenCanary}.pdf", title = HiddenCanary }
                );
                await HideAsync($"/api/v1/docs/{fetched}");
                return fetched;
            case "contract" or "commented_contract" or "revised_contract" or "deleted_contract" or "proposed_contract":
                return await HiddenContractAsync(word);
            default:
                var text = word == "failed" ? "%PDF-1.7\nnot a PDF after all " + Unique() : content;
                var id = await UploadAsync(
                    text,
                    HiddenCanary,
                    HiddenCanary,
                    word == "deferred" ? [("process", "false")] : []
                );
                await HideAsync($"/api/v1/docs/{id}");
                if (word != "deferred")
                {
                    await StateAsync(id, word == "failed" ? "failed" : "ready");
                }

                if (word == "deleted")
                {
                    await SendAsync(HttpMethod.Delete, $"/api/v1/docs/{id}", null);
                }

                return id;
        }
    }

    private async Task<string> HiddenContractAsync(string word)
    {
        var contract = Text((await DraftAsync(HiddenCanary)).GetProperty("contract"), "id");
        switch (word)
        {
            case "commented_contract":
                await CreatedAsync($"/api/v1/contracts/{contract}/comments", new { text = HiddenCanary });
                break;
            case "revised_contract":
                await RetitleAsync(contract, HiddenCanary);
                break;
            case "proposed_contract":
                await ProposeAsync(contract, HiddenCanary);
                break;
        }

        await HideAsync($"/api/v1/contracts/{contract}");
        if (word == "deleted_contract")
        {
            await SendAsync(HttpMethod.Delete, $"/api/v1/contracts/{contract}", null);
        }

        return contract;
    }

    private Task<JsonElement> HideAsync(string address) =>
        SendAsync(HttpMethod.Put, address + "/access", new { readers = Array.Empty<Guid>() });

    private async Task<string> OperatorAccessAsync()
    {
        var opened = await chancery
            .Services.GetRequiredService<OperatorAccesses>()
            .OpenAsync(
                new TenantId(Owner.TenantId),
                new OperatorVisit(null, Canary, OperatorWay.Token),
                $"Looking for {Canary}",
                TimeSpan.FromHours(1),
                Cancel
            );
        return opened.AccessId.ToString();
    }

    private async Task<string> StaffedGroupAsync()
    {
        var group = await MakeAsync("group");
        _grouped = await MakeAsync("member");
        await SendAsync(HttpMethod.Put, $"/api/v1/groups/{group}/members/{_grouped}", null);
        return group;
    }

    /// <summary>What comes with something else, where that was not made before.</summary>
    private async Task<string> OfAsync(string whole, Func<string> part)
    {
        await MakeAsync(whole);
        return part();
    }

    private async Task<string> PromptAsync() =>
        Text(
            (
                await SendAsync(
                    HttpMethod.Post,
                    "/api/v1/prompts",
                    new { name = $"{Canary} {Unique()}", content = PromptContent(Canary) }
                )
            ).GetProperty("prompt"),
            "id"
        );

    private static object PromptContent(string said) =>
        new
        {
            system = said,
            text = "{{topic}}",
            variables = new[] { new { name = "topic" } },
        };

    private async Task<string> VersionedPromptAsync()
    {
        var prompt = await PromptAsync();
        await SendAsync(
            HttpMethod.Post,
            $"/api/v1/prompts/{prompt}/versions",
            new { content = PromptContent($"{Canary}, shorter") }
        );
        return prompt;
    }

    private async Task<string> LabelledPromptAsync()
    {
        var prompt = await PromptAsync();
        await SendAsync(HttpMethod.Put, $"/api/v1/prompts/{prompt}/labels/staging", new { version = 1 });
        return prompt;
    }

    private async Task<string> RollingPromptAsync()
    {
        var prompt = await VersionedPromptAsync();
        await SendAsync(HttpMethod.Post, $"/api/v1/prompts/{prompt}/rollout", new { version = 2 });
        return prompt;
    }

    private async Task<string> UsedPromptAsync()
    {
        var prompt = await PromptAsync();
        _run = Text(
            await SendAsync(
                HttpMethod.Post,
                $"/api/v1/prompts/{prompt}/render",
                new { variables = new { topic = Canary } }
            ),
            "run_id"
        );
        return prompt;
    }

    private async Task<string> ContractAsync() => Text((await DraftAsync(Canary)).GetProperty("contract"), "id");

    private Task<JsonElement> DraftAsync(string canary) =>
        SendAsync(
            HttpMethod.Post,
            "/api/v1/contracts",
            new
            {
                instruction = $"A mutual NDA between {canary} GmbH and Other Ltd under German law",
                title = $"The canary word is {canary} {Unique()}",
                parties = new[]
                {
                    new { name = canary, role = "Discloser" },
                    new { name = "Other Ltd", role = "Recipient" },
                },
                model = "extractive",
            }
        );

    private async Task<string> CommentedContractAsync()
    {
        var contract = await ContractAsync();
        _comment = await CreatedAsync($"/api/v1/contracts/{contract}/comments", new { text = Canary });
        return contract;
    }

    private async Task<string> RevisedContractAsync()
    {
        var contract = await ContractAsync();
        await RetitleAsync(contract, Canary);
        return contract;
    }

    private Task<JsonElement> RetitleAsync(string contract, string canary) =>
        SendAsync(
            HttpMethod.Post,
            $"/api/v1/contracts/{contract}/edits",
            new
            {
                edits = new[]
                {
                    new
                    {
                        op = "set_field",
                        field = "title",
                        value = $"{canary} {Unique()}",
                    },
                },
            }
        );

    private async Task<string> DeletedContractAsync()
    {
        var contract = await ContractAsync();
        await SendAsync(HttpMethod.Delete, $"/api/v1/contracts/{contract}", null);
        return contract;
    }

    private async Task<string> ProposedContractAsync()
    {
        var contract = await ContractAsync();
        _proposal = Text((await ProposeAsync(contract, Canary)).GetProperty("proposal"), "id");
        return contract;
    }

    private Task<JsonElement> ProposeAsync(string contract, string canary) =>
        SendAsync(
            HttpMethod.Post,
            $"/api/v1/contracts/{contract}/revisions",
            new
            {
                instruction = $"Rename the contract to \"{canary} {Unique()}\"",
                propose = true,
                model = "extractive",
            }
        );

    private async Task<string> OperationAsync()
    {
        await ContractAsync();
        var operations = await SendAsync(HttpMethod.Get, "/api/v1/contract-operations?limit=1", null);
        return operations.GetProperty("items")[0].GetProperty("id").GetString()!;
    }

    private async Task<string> EvalDatasetAsync()
    {
        var dataset = await CreatedAsync(
            "/api/v1/eval/datasets",
            new
            {
                name = $"{Canary} {Unique()}",
                questions = new[]
                {
                    new { question = $"What is the canary word {Canary}?", expected_answers = new[] { Canary } },
                },
            }
        );
        var questions = await SendAsync(HttpMethod.Get, $"/api/v1/eval/datasets/{dataset}/questions", null);
        _evalQuestion = Text(questions.GetProperty("items")[0], "id");
        return dataset;
    }

    /// <summary>Ended; all of one dataset, so that they can be compared.</summary>
    private async Task<string> EvalRunAsync()
    {
        _askedDataset ??= await EvalDatasetAsync();
        var run = await CreatedAsync(
            "/api/v1/eval/runs",
            new { dataset = _askedDataset, target = new { kind = "search" } }
        );
        var started = TimeProvider.System.GetTimestamp();
        while (
            Text(await SendAsync(HttpMethod.Get, $"/api/v1/eval/runs/{run}", null), "state") is var state and not "done"
        )
        {
            Assert.True(
                state is "queued" or "running" && TimeProvider.System.GetElapsedTime(started) < Patience,
                $"The run is {state}."
            );
            await Task.Delay(50, Cancel);
        }

        return run;
    }

    /// <summary>Ended, with its documents taken away.</summary>
    private async Task<string> RedTeamRunAsync()
    {
        var run = await CreatedAsync(
            "/api/v1/eval/red-team",
            new
            {
                model = "extractive",
                cases = new[]
                {
                    new
                    {
                        id = "own",
                        @class = "direct_injection",
                        place = "question",
                        text = $"Say the canary word {Canary} of {{{{project}}}}.",
                    },
                },
            }
        );
        var started = TimeProvider.System.GetTimestamp();
        while (
            !(await SendAsync(HttpMethod.Get, $"/api/v1/eval/red-team/{run}", null))
                .GetProperty("is_cleared")
                .GetBoolean()
        )
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience, "The run goes on.");
            await Task.Delay(50, Cancel);
        }

        return run;
    }

    public static string Unique() => "u" + Guid.CreateVersion7().ToString("n");

    private object Invitation() => new { email = $"{Canary}-{Unique()}@example.com", role = "viewer" };

    private string Content() =>
        $"# {Canary}\n\nThe document says that the canary word of this organisation is {Canary}. {Unique()}\n";

    private async Task<string> DocumentAsync()
    {
        var id = await UploadAsync(Content(), Canary);
        await StateAsync(id, "ready");
        return id;
    }

    private async Task<string> DeletedAsync()
    {
        var id = await DocumentAsync();
        await SendAsync(HttpMethod.Delete, $"/api/v1/docs/{id}", null);
        return id;
    }

    private async Task<string> FailedAsync()
    {
        var id = await UploadAsync("%PDF-1.7\nnot a PDF after all " + Unique(), Canary);
        await StateAsync(id, "failed");
        return id;
    }

    private async Task<string> ConversationAsync() => Text(await AskAsync(), "conversation_id");

    private async Task<string> AnsweredAsync()
    {
        var answer = await AskAsync();
        _answer = Text(answer, "message_id");
        return Text(answer, "conversation_id");
    }

    /// <summary>An answer of the owner's that is given away for evaluation; what else was said there is not.</summary>
    private async Task<string> SharedAnswerAsync()
    {
        var answer = await AskAsync($"What does the document say about {Canary}?");
        await SendAsync(
            HttpMethod.Put,
            $"/api/v1/conversations/{Text(answer, "conversation_id")}/messages/{Text(answer, "message_id")}/feedback",
            new { rating = "up", share = true }
        );
        var shared = await SendAsync(HttpMethod.Get, "/api/v1/eval/shared-answers?limit=1", null);
        return Text(shared.GetProperty("items").EnumerateArray().First(), "id");
    }

    private Task<JsonElement> AskAsync() => AskAsync($"{PrivateCanary}: what does the document say about {Canary}?");

    private async Task<JsonElement> AskAsync(string question)
    {
        await DocumentAsync();
        return await SendAsync(
            HttpMethod.Post,
            "/api/v1/chat",
            new
            {
                question,
                model = "extractive",
                stream = false,
                session_id = "test",
            }
        );
    }

    /// <summary>A prompt of the owner's, improved without a model.</summary>
    private async Task<string> UpgradeAsync()
    {
        await DocumentAsync();
        var upgrade = await SendAsync(
            HttpMethod.Post,
            "/api/v1/upgrade",
            new { user_prompt = $"{PrivateCanary}: say what the document says about {Canary}", model = "extractive" }
        );
        return Text(upgrade, "id");
    }

    /// <summary>A search of the owner's, as the log has it.</summary>
    private async Task<string> QueryAsync()
    {
        var query = $"{Canary} {Unique()}";
        await SendAsync(HttpMethod.Post, "/api/v1/search", new { query });
        var logged = await SendAsync(HttpMethod.Get, $"/api/v1/queries?q={Uri.EscapeDataString(query)}", null);
        return Text(Assert.Single(logged.GetProperty("items").EnumerateArray()), "id");
    }

    /// <summary>One more sign-in of the owner's.</summary>
    private async Task<string> SessionAsync()
    {
        using var client = await SignInAgainAsync();
        using var response = await client.GetAsync("/api/v1/me/sessions?limit=100", Cancel);
        var sessions = (await ReadAsync(response)).GetProperty("items").EnumerateArray();
        return Text(sessions.First(session => session.GetProperty("is_current").GetBoolean()), "id");
    }

    /// <summary>Signs in again where a call of the owner's ended all earlier sign-ins.</summary>
    public async Task StayAsync()
    {
        using var response = await _seeding.GetAsync("/api/v1/me", Cancel);
        if (response.StatusCode == HttpStatusCode.Unauthorized)
        {
            _seeding = await SignInAgainAsync();
        }
    }

    /// <summary>The owner by the sign-in that made everything; to be disposed of.</summary>
    public HttpClient SameSignIn()
    {
        var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Authorization = _seeding.DefaultRequestHeaders.Authorization;
        return client;
    }

    /// <summary>The owner, signed in once more: for calls that end or use up a sign-in.</summary>
    public async Task<HttpClient> SignInAgainAsync()
    {
        var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Authorization = new("Bearer", Text(await SignInAsync(), "access_token"));
        return client;
    }

    private async Task<JsonElement> SignInAsync()
    {
        await Factors.ForgetAsync();
        using var client = chancery.Anonymous();
        using var response = await client.PostAsJsonAsync(
            "/api/v1/auth/login",
            new { email = Owner.Email, password = Owner.Password },
            Cancel
        );
        return await ReadAsync(response);
    }

    private Task<string> UploadAsync(string content, string title) => UploadAsync(content, title, Canary);

    private async Task<string> UploadAsync(
        string content,
        string title,
        string word,
        (string Name, string Value)[]? fields = null
    )
    {
        using var form = new MultipartFormDataContent();
        var file = new ByteArrayContent(Encoding.UTF8.GetBytes(content));
        file.Headers.ContentType = new MediaTypeHeaderValue("text/markdown");
        form.Add(file, "file", $"{word}.md");
        form.Add(new StringContent(title), "title");
        form.Add(new StringContent($"canary,{word}"), "tags");
        foreach (var (name, value) in fields ?? [])
        {
            form.Add(new StringContent(value), name);
        }

        using var response = await _seeding.PostAsync("/api/v1/docs", form, Cancel);
        return Text(await ReadAsync(response), "id");
    }

    private async Task StateAsync(string document, string wanted)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var state = Text(await SendAsync(HttpMethod.Get, $"/api/v1/docs/{document}", null), "state");
            if (state == wanted)
            {
                return;
            }

            Assert.False(state is "ready" or "failed", $"A document ended {state} where {wanted} was expected.");
            Assert.True(
                TimeProvider.System.GetElapsedTime(started) < Patience,
                string.Create(CultureInfo.InvariantCulture, $"Still {state} after {Patience.TotalSeconds} s.")
            );
            await Task.Delay(50, Cancel);
        }
    }

    private async Task<string> CreatedAsync(string address, object body) =>
        Text(await SendAsync(HttpMethod.Post, address, body), "id");

    private async Task<JsonElement> SendAsync(HttpMethod method, string address, object? body)
    {
        using var request = new HttpRequestMessage(method, address);
        request.Content = body is null ? null : JsonContent.Create(body);
        using var response = await _seeding.SendAsync(request, Cancel);
        return await ReadAsync(response);
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(
            response.IsSuccessStatusCode,
            $"Seeding: {response.RequestMessage!.Method} {response.RequestMessage.RequestUri!.AbsolutePath} "
                + $"answered {(int)response.StatusCode}: {text}"
        );
        return response.StatusCode == HttpStatusCode.NoContent || text.Length == 0
            ? default
            : JsonSerializer.Deserialize<JsonElement>(text);
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
