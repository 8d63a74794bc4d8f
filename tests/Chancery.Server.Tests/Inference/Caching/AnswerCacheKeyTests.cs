using System.Reflection;
using System.Text;
using System.Text.Json;
using Chancery.Models;
using Chancery.Server.Gateway.Translation;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Routing;
using Chancery.Server.Platform.Database;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Tests.Inference.Caching;

/// <summary>What stands in the key of an answer, and what does not.</summary>
public sealed class AnswerCacheKeyTests
{
    private static readonly ChatModel Model = new(
        "alpha/m",
        "M",
        new ModelEndpoint(new Uri("http://alpha/v1"), "m", "sk-1"),
        "alpha"
    );

    private static readonly CacheSpace Space = new(
        new TenantId(Guid.CreateVersion7()),
        CacheNamespace.Chat,
        UserId: null
    );

    /// <summary>A value that says something, for each option.</summary>
    private static readonly Dictionary<string, Action<ChatOptions>> Options = new()
    {
        [nameof(ChatOptions.Temperature)] = options => options.Temperature = 0.1f,
        [nameof(ChatOptions.TopP)] = options => options.TopP = 0.1f,
        [nameof(ChatOptions.TopK)] = options => options.TopK = 5,
        [nameof(ChatOptions.FrequencyPenalty)] = options => options.FrequencyPenalty = 0.1f,
        [nameof(ChatOptions.PresencePenalty)] = options => options.PresencePenalty = 0.1f,
        [nameof(ChatOptions.Seed)] = options => options.Seed = 7,
        [nameof(ChatOptions.MaxOutputTokens)] = options => options.MaxOutputTokens = 7,
        [nameof(ChatOptions.StopSequences)] = options => options.StopSequences = ["x"],
        [nameof(ChatOptions.ResponseFormat)] = options => options.ResponseFormat = ChatResponseFormat.Json,
        [nameof(ChatOptions.Reasoning)] = options => options.Reasoning = new() { Effort = ReasoningEffort.High },
        [nameof(ChatOptions.Instructions)] = options => options.Instructions = "Be brief.",
        [nameof(ChatOptions.AdditionalProperties)] = options => options.AdditionalProperties = new() { ["x"] = 1 },
        [nameof(ChatOptions.Tools)] = options => options.Tools = [new ClientTool("look", null, null)],
        [nameof(ChatOptions.ConversationId)] = options => options.ConversationId = "c",
        [nameof(ChatOptions.ContinuationToken)] = options =>
            options.ContinuationToken = ResponseContinuationToken.FromBytes(new byte[] { 1 }),
        [nameof(ChatOptions.RawRepresentationFactory)] = options => options.RawRepresentationFactory = _ => null,
        [nameof(ChatOptions.AllowBackgroundResponses)] = options => options.AllowBackgroundResponses = true,
        [nameof(ChatOptions.ToolMode)] = options => options.ToolMode = ChatToolMode.Auto,
        [nameof(ChatOptions.AllowMultipleToolCalls)] = options => options.AllowMultipleToolCalls = true,
        [nameof(ChatOptions.ModelId)] = options => options.ModelId = "other",
    };

    [Fact]
    public void Every_option_of_a_request_is_in_the_key_or_keeps_it_from_the_cache_or_is_known_not_to_matter()
    {
        var names = PropertiesOf(typeof(ChatOptions));
        Assert.Equal(names, RequestFields.Options.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(names, Options.Keys.Order(StringComparer.Ordinal));

        var plain = Of(new ChatOptions());
        foreach (var (name, set) in Options)
        {
            var options = new ChatOptions();
            set(options);
            var key = Of(options);
            switch (RequestFields.Options[name])
            {
                case RequestFields.Use.Never:
                    Assert.True(key is null, name);
                    break;
                case RequestFields.Use.InKey:
                    Assert.True(key is not null && key != plain, name);
                    break;
                default:
                    Assert.True(key == plain, name);
                    break;
            }
        }
    }

    [Fact]
    public void Every_part_of_a_message_and_of_a_request_is_accounted_for()
    {
        Assert.Equal(PropertiesOf(typeof(ChatMessage)), RequestFields.Messages.Keys.Order(StringComparer.Ordinal));
        // A new member of one of them belongs into the key first, and then here.
        Assert.Equal(["Cache", "InputTokens", "Messages", "Options"], PropertiesOf(typeof(ChatRequest)));
        Assert.Equal(
            [
                "InputTokens",
                // For questions to documents; for models the effort is among the options.
                "IsReasoned",
                "IsStreamed",
                "Messages",
                "Model",
                "MostTokens",
                "Needs",
                "OptionsFor",
                "Temperature",
                "Texts",
                "Tools",
            ],
            PropertiesOf(typeof(TranslatedRequest))
        );
        Assert.Null(Of([new ChatMessage(ChatRole.User, "a") { AdditionalProperties = new() { ["x"] = 1 } }]));
        Assert.Null(Of([new ChatMessage(ChatRole.User, [new FunctionResultContent("c", "r")])]));
        Assert.Null(Of([new ChatMessage(ChatRole.User, [new UriContent("https://example.com/a.png", "image/png")])]));
        Assert.NotEqual(
            Of([new ChatMessage(ChatRole.User, [new DataContent(new byte[] { 1 }, "image/png")])]),
            Of([new ChatMessage(ChatRole.User, [new DataContent(new byte[] { 2 }, "image/png")])])
        );
    }

    [Fact]
    public void Another_tenant_person_namespace_model_address_prompt_passage_or_word_is_another_key()
    {
        ChatMessage[] messages = [new(ChatRole.System, "Be kind."), new(ChatRole.User, "Hi")];
        var keys = new List<AnswerCacheKey?>
        {
            AnswerCacheKey.Of(Space, Model, messages, new ChatOptions()),
            AnswerCacheKey.Of(
                Space with
                {
                    Tenant = new TenantId(Guid.CreateVersion7()),
                },
                Model,
                messages,
                new ChatOptions()
            ),
            AnswerCacheKey.Of(Space with { UserId = Guid.CreateVersion7() }, Model, messages, new ChatOptions()),
            AnswerCacheKey.Of(Space with { UserId = Guid.CreateVersion7() }, Model, messages, new ChatOptions()),
            AnswerCacheKey.Of(Space with { Namespace = CacheNamespace.Gateway }, Model, messages, new ChatOptions()),
            AnswerCacheKey.Of(Space, Model with { Id = "alpha/n" }, messages, new ChatOptions()),
            AnswerCacheKey.Of(Space, Model with { Provider = "beta" }, messages, new ChatOptions()),
            AnswerCacheKey.Of(Space, At("http://beta/v1", "m"), messages, new ChatOptions()),
            AnswerCacheKey.Of(Space, At("http://alpha/v1", "n"), messages, new ChatOptions()),
            AnswerCacheKey.Of(Space, Model, messages, new ChatOptions(), "answer-1"),
            AnswerCacheKey.Of(Space, Model, messages, new ChatOptions(), "answer-2"),
            AnswerCacheKey.Of(Space, Model, messages, new ChatOptions(), "", ["a"]),
            AnswerCacheKey.Of(Space, Model, messages, new ChatOptions(), "", ["b"]),
            AnswerCacheKey.Of(Space, Model, messages, new ChatOptions(), "", ["a", "b"]),
            AnswerCacheKey.Of(Space, Model, messages, new ChatOptions(), "", ["b", "a"]),
            AnswerCacheKey.Of(Space, Model, [messages[1], messages[0]], new ChatOptions()),
            AnswerCacheKey.Of(Space, Model, [messages[0], new(ChatRole.User, "hi")], new ChatOptions()),
            AnswerCacheKey.Of(Space, Model, [messages[0], new(ChatRole.Assistant, "Hi")], new ChatOptions()),
            AnswerCacheKey.Of(Space, Model, [messages[0]], new ChatOptions()),
            AnswerCacheKey.Of(Space, Model, [.. messages, messages[1]], new ChatOptions()),
        };

        Assert.DoesNotContain(null, keys);
        Assert.Equal(keys.Count, keys.Select(key => key!.Hash).Distinct().Count());
        Assert.Equal(keys[0], AnswerCacheKey.Of(Space, Model, [.. messages], new()));
        // The key that pays for it is none of what is answered, and stands nowhere.
        var otherCredential = Model with
        {
            Endpoint = Model.Endpoint! with { ApiKey = "sk-2" },
        };
        Assert.Equal(keys[0], AnswerCacheKey.Of(Space, otherCredential, messages, new()));

        static ChatModel At(string address, string name) =>
            Model with
            {
                Endpoint = new ModelEndpoint(new Uri(address), name, "sk-1"),
            };
    }

    [Fact]
    public void Texts_that_run_together_to_the_same_are_different_keys()
    {
        // Each list of fields is the same string when its parts are joined.
        string[][] alike =
        [
            ["ab", "c"],
            ["a", "bc"],
            ["abc"],
            ["abc", ""],
            ["", "abc"],
            ["a", "b", "c"],
        ];

        var keys = alike
            .Select(texts => Of([.. texts.Select(text => new ChatMessage(ChatRole.User, text))])!.Hash)
            .Concat(
                alike.Select(texts =>
                    Of([new ChatMessage(ChatRole.User, [.. texts.Select(text => new TextContent(text))])])!.Hash
                )
            )
            .ToList();
        var stops = alike.Select(texts => Of(new ChatOptions { StopSequences = texts })!.Hash).ToList();

        Assert.Equal(2 * alike.Length - 1, keys.Distinct().Count());
        Assert.Equal(stops.Count, stops.Distinct().Count());
    }

    [Fact]
    public void Thousands_of_tenants_with_the_same_questions_never_meet()
    {
        var random = new Random(20261126);
        var questions = Enumerable.Range(0, 8).Select(_ => Words(random)).ToList();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var asked = 0;
        for (var tenant = 0; tenant < 400; tenant++)
        {
            var id = new TenantId(Guid.CreateVersion7());
            foreach (var question in questions)
            {
                foreach (var user in (Guid?[])[null, Guid.CreateVersion7()])
                {
                    var space = new CacheSpace(id, CacheNamespace.Gateway, user);
                    var key = AnswerCacheKey.Of(
                        space,
                        Model,
                        [new ChatMessage(ChatRole.User, question)],
                        new ChatOptions()
                    )!;
                    asked++;
                    seen.Add(key.Hash);
                    Assert.StartsWith(
                        $"chancery:answers:{{{id.Value:n}}}:gateway:",
                        key.Name("s"),
                        StringComparison.Ordinal
                    );
                }
            }
        }

        Assert.Equal(asked, seen.Count);
    }

    [Fact]
    public void A_mark_that_is_new_each_time_makes_no_other_key()
    {
        static AnswerCacheKey? With(string mark) =>
            AnswerCacheKey.Of(
                Space,
                Model,
                [new ChatMessage(ChatRole.User, $"== {mark} text {mark}")],
                new ChatOptions(),
                boundary: mark
            );

        Assert.Equal(With("a1b2c3"), With("d4e5f6"));
        Assert.NotEqual(With("a1b2c3")!.Hash, Of([new ChatMessage(ChatRole.User, "== a1b2c3 text a1b2c3")])!.Hash);
    }

    [Fact]
    public void Members_known_as_JSON_only_count_byte_for_byte_whatever_their_order()
    {
        static AnswerCacheKey? With(long? most, params (string Name, string Json)[] members) =>
            AnswerCacheKey.Of(
                Space,
                Model,
                members.Select(member =>
                    KeyValuePair.Create(member.Name, (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(member.Json))
                ),
                most
            );

        var key = With(5, ("a", "1"), ("b", "2"));
        Assert.Equal(key, With(5, ("b", "2"), ("a", "1")));
        Assert.NotEqual(key, With(6, ("a", "1"), ("b", "2")));
        Assert.NotEqual(key, With(5, ("a", "2"), ("b", "1")));
        Assert.NotEqual(key, With(5, ("a", "1")));
        Assert.NotEqual(key, With(5, ("a1", ""), ("b", "2")));
    }

    private static AnswerCacheKey? Of(ChatOptions options) =>
        AnswerCacheKey.Of(Space, Model, [new ChatMessage(ChatRole.User, "Hi")], options);

    private static AnswerCacheKey? Of(IReadOnlyList<ChatMessage> messages) =>
        AnswerCacheKey.Of(Space, Model, messages, new ChatOptions());

    private static IEnumerable<string> PropertiesOf(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Select(property => property.Name)
            .Order(StringComparer.Ordinal);

    private static string Words(Random random) =>
        JsonSerializer.Serialize(Enumerable.Range(0, 5).Select(_ => random.Next(1000)));
}
