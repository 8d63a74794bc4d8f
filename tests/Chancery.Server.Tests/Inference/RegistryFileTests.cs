using System.Text;
using Chancery.Models;
using Chancery.Server.Gateway;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Platform.Settings;
using Microsoft.Extensions.Configuration;

namespace Chancery.Server.Tests.Inference;

/// <summary>The operator's MODELS_FILE: providers, models, prices and chains as data.</summary>
public sealed class RegistryFileTests : IDisposable
{
    private const string Ours = """
        {
          "providers": [
            { "id": "ours", "name": "Our vLLM", "base_address": "http://vllm.internal:8000/v1", "context_window": 16000,
              "models": [
                { "name": "small", "max_output": 2000,
                  "prices": [ { "from": "2026-01-01", "input": 0.2, "output": 0.6 }, { "from": "2026-07-01", "input": 0.1, "output": 0.3 } ] },
                { "name": "large" } ] },
            { "id": "openai", "key_settings": ["OPENAI_API_KEY", "OPENAI_API_KEY_2"],
              "models": [ { "name": "gpt-4.1-mini", "context_window": 1000000, "prices": [ { "from": "2026-01-01", "input": 1, "output": 2 } ] } ] }
          ],
          "chains": [
            { "id": "default", "models": [ { "model": "ours/small" }, { "model": "openai/gpt-4.1-mini" } ] },
            { "id": "even", "models": [ { "model": "ours/small", "priority": 1, "weight": 3 }, { "model": "ours/large", "priority": 1 } ] }
          ]
        }
        """;

    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void It_adds_providers_and_says_anew_what_is_known_of_others()
    {
        var registry = Read(Ours, ("OPENAI_API_KEY", "sk-1"), ("OPENAI_API_KEY_2", "sk-2"));

        Assert.True(registry.TryFind("ours/small", out var small));
        Assert.Equal(new Uri("http://vllm.internal:8000/v1"), small.Endpoint!.BaseAddress);
        Assert.Equal(16_000, small.Endpoint.ContextWindowTokens);
        Assert.Equal(2_000, small.MaxOutputTokens);
        Assert.True(registry.TryFind("openai/gpt-4.1-mini", out var mini));
        Assert.Equal("OpenAI", registry.FindProvider("openai")!.Name);
        Assert.Equal(1_000_000_000, mini.PricesOn(new DateOnly(2026, 8, 1))!.Input);
        Assert.Equal(["sk-2"], mini.OtherKeys);
        Assert.True(registry.TryFind("openai/gpt-4.1", out _));
    }

    [Fact]
    public void Servers_are_spoken_to_as_the_operator_says_the_model_before_its_provider()
    {
        const string text = """
            {"providers":[{"id":"ours","base_address":"http://vllm.internal/v1",
              "dialect":{"stream_usage":false,"output_limit":"max_completion_tokens","default_output":700},
              "models":[{"name":"plain"},
                {"name":"other","max_output":900,"dialect":{"stream_usage":true,"reasoning_back":true,"default_output":900}}]},
              {"id":"anthropic","dialect":{"default_output":1234}}]}
            """;
        var registry = Read(text, ("OPENAI_API_KEY", "sk"), ("ANTHROPIC_API_KEY", "sk"));

        Assert.True(registry.TryFind("ours/plain", out var plain));
        Assert.Equal((false, true, false, 700), DialectOf(plain));
        Assert.Equal((700L, 100L), (OutputLimit.For(null, plain), OutputLimit.For(100, plain)));
        Assert.True(registry.TryFind("ours/other", out var other));
        Assert.Equal((true, true, true, 900), DialectOf(other));
        Assert.True(registry.TryFind("openai/gpt-4.1-mini", out var openai));
        Assert.Equal((true, true, false, null), DialectOf(openai));
        Assert.True(registry.TryFind("anthropic/claude-haiku-4-5", out var claude));
        Assert.Equal((true, false, false, 1234), DialectOf(claude));
        // What the file does not say of a known provider stays as it was.
        Assert.Equal((ModelProtocol.Anthropic, 1234), (claude.Endpoint!.Protocol, claude.Endpoint.DefaultOutputTokens));
        Assert.Equal(200_000, registry.FindProvider("anthropic")!.ContextWindowTokens);
    }

    [Theory]
    [InlineData("openai/gpt-4.1-mini", "MODELS_FILE: openai/gpt-4.1-mini: default_output is more than max_output")]
    [InlineData(
        "anthropic/m",
        "anthropic/m: stream_usage, output_limit and reasoning_back are for servers with the protocol openai"
    )]
    public void What_is_wrong_is_said_with_its_place(string model, string told)
    {
        var (provider, name) = (model.Split('/')[0], model.Split('/')[1]);
        var dialect = provider == "openai" ? """{"default_output":40000}""" : """{"stream_usage":true}""";
        var wrong = Assert.Throws<SettingException>(() =>
            Read(
                $$"""
                {"providers":[{"id":"{{provider}}","protocol":"{{provider}}",
                  "models":[{"name":"{{name}}","max_output":32768,"dialect":{{dialect}}}]}]}
                """
            )
        );

        Assert.Contains(told, wrong.Message, StringComparison.Ordinal);
    }

    private static (bool, bool, bool, int?) DialectOf(ChatModel model) =>
        (
            model.Endpoint!.AsksForUsage,
            model.Endpoint.TakesMaxCompletionTokens,
            model.Endpoint.TakesReasoningBack,
            model.DefaultOutputTokens
        );

    [Fact]
    public void A_price_counts_from_its_day_on()
    {
        Assert.True(Read(Ours).TryFind("ours/small", out var small));

        Assert.Null(small.PricesOn(new DateOnly(2025, 12, 31)));
        Assert.Equal(200_000_000, small.PricesOn(new DateOnly(2026, 6, 30))!.Input);
        Assert.Equal(300_000_000, small.PricesOn(new DateOnly(2026, 7, 1))!.Output);
        Assert.True(Read(Ours).TryFind("ours/large", out var large));
        Assert.Empty(large.Prices);
    }

    [Fact]
    public void A_chain_goes_by_priority_and_leaves_out_what_nobody_gave_a_key_for()
    {
        Assert.Equal(["ours/small"], Read(Ours).DefaultChain(new Random(1)).Select(model => model.Id));
        Assert.Equal(
            ["ours/small", "openai/gpt-4.1-mini"],
            Read(Ours, ("OPENAI_API_KEY", "sk")).DefaultChain(new Random(1)).Select(model => model.Id)
        );
    }

    [Fact]
    public void Among_equals_weights_say_how_often_one_comes_first()
    {
        var registry = Read(Ours);
        Assert.True(registry.TryFindChain("EVEN", out var chain));
        var random = new Random(7);

        var first = Enumerable.Range(0, 4_000).Count(_ => registry.Resolve(chain, random)[0].Id == "ours/small");

        Assert.InRange(first, 2_850, 3_150);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("""{"providers":[{"id":"a","dialect":{"output_limit":"tokens"}}]}""")]
    [InlineData("""{"providers":[{"id":"a","dialect":{"default_output":0}}]}""")]
    [InlineData("""{"providers":[{"id":"a","dialect":{"stream_options":true}}]}""")]
    [InlineData("""{"providers":[{"id":"a","dialect":{"stream_usage":"no"}}]}""")]
    [InlineData("""{"providers":[{"id":"a","protocol":"gemini","dialect":{"reasoning_back":true}}]}""")]
    [InlineData(
        """{"providers":[{"id":"a","protocol":"anthropic","models":[{"name":"m","dialect":{"stream_usage":false}}]}]}"""
    )]
    [InlineData(
        """{"providers":[{"id":"a","dialect":{"default_output":99},"models":[{"name":"m","max_output":98}]}]}"""
    )]
    [InlineData("""{"chains":[{"id":"c","hedge_after":-1,"models":[{"model":"ollama/llama3.2"}]}]}""")]
    [InlineData("""{"providers":[{"name":"no id"}]}""")]
    [InlineData("""{"providers":[{"id":"a b"}]}""")]
    [InlineData("""{"providers":[{"id":"a","base_address":"file:///etc/passwd"}]}""")]
    [InlineData(
        """{"providers":[{"id":"a","models":[{"name":"m","prices":[{"from":"2026-01-01","input":-1,"output":1}]}]}]}"""
    )]
    [InlineData("""{"providers":[{"id":"a","models":[{"name":"m","prices":[{"from":"2026-01-01","input":1}]}]}]}""")]
    [InlineData("""{"providers":[{"id":"a","models":[{"name":"m","context_window":10}]}]}""")]
    [InlineData("""{"provider":[]}""")]
    [InlineData("""{"chains":[{"id":"c","models":[]}]}""")]
    [InlineData("""{"chains":[{"id":"c","models":[{"model":"nobody/nothing"}]}]}""")]
    [InlineData("""{"chains":[{"id":"c","models":[{"model":"ollama/llama3.2","weight":0}]}]}""")]
    public void A_file_that_cannot_be_used_stops_the_start_with_its_name(string text) =>
        Assert.Equal("MODELS_FILE", Assert.Throws<SettingException>(() => Read(text)).Name);

    [Fact]
    public void A_file_that_is_not_there_stops_the_start_with_its_name() =>
        Assert.Equal(
            "MODELS_FILE",
            Assert.Throws<SettingException>(() => new ModelRegistry(Settings(("MODELS_FILE", "/nowhere")))).Name
        );

    [Theory]
    [InlineData("0.4,1.6", 400_000_000, 1_600_000_000)]
    [InlineData("0", 0, 0)]
    public void A_single_model_is_priced_by_one_setting(string prices, long input, long output)
    {
        var registry = new ModelRegistry(
            Settings(("MODEL_URL", "https://models.example/v1"), ("MODEL_NAME", "m"), ("MODEL_PRICES", prices))
        );

        var found = registry.Default.PricesOn(new DateOnly(2026, 1, 1))!;
        Assert.Equal((input, output), (found.Input, found.Output));
    }

    [Fact]
    public void A_model_on_this_machine_costs_nothing_and_one_elsewhere_is_not_priced_until_somebody_says()
    {
        Assert.Equal(
            new TokenPrices(DateOnly.MinValue, 0, 0, 0, 0, 0),
            new ModelRegistry(
                Settings(("MODEL_URL", "http://localhost:9/v1"), ("MODEL_NAME", "m"))
            ).Default.Prices.Single()
        );
        Assert.Empty(
            new ModelRegistry(Settings(("MODEL_URL", "https://models.example/v1"), ("MODEL_NAME", "m"))).Default.Prices
        );
    }

    private ModelRegistry Read(string text, params (string, string)[] settings)
    {
        File.WriteAllText(_path, text, Encoding.UTF8);
        return new ModelRegistry(Settings([("MODELS_FILE", _path), .. settings]));
    }

    private static IConfiguration Settings(params (string Name, string Value)[] settings) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(pair => KeyValuePair.Create(pair.Name, (string?)pair.Value)))
            .Build();
}
