using Chancery.Server.Answers;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Routing;
using Chancery.Server.Platform.Settings;
using Microsoft.Extensions.Configuration;

namespace Chancery.Server.Tests.Inference;

public sealed class ModelRegistryTests
{
    [Fact]
    public void Without_settings_there_is_the_extractive_answerer()
    {
        var models = Catalogue([]);

        Assert.Equal(ChatModel.Extractive, Assert.Single(models.Models));
        Assert.Equal(ChatModel.Extractive, models.Default);
    }

    [Fact]
    public void A_key_is_enough_for_a_known_provider()
    {
        var models = Catalogue([
            ("GROQ_API_KEY", "gsk"),
            ("OLLAMA_URL", "http://localhost:11434"),
            ("OLLAMA_MODELS", "qwen3"),
        ]);

        Assert.Equal("groq/llama-3.3-70b-versatile", models.Default.Id);
        Assert.True(models.TryFind("OLLAMA/qwen3", out var local));
        Assert.Equal("http://localhost:11434/v1", local.Endpoint!.BaseAddress.ToString());
        Assert.Null(local.Endpoint.ApiKey);
        Assert.Equal("gsk", models.Default.Endpoint!.ApiKey);
    }

    [Fact]
    public void A_key_may_come_from_a_file()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, "sk-from-file\n");

        var models = Catalogue([
            ("MODEL_URL", "http://localhost/v1"),
            ("MODEL_NAME", "m"),
            ("MODEL_API_KEY_FILE", file),
            ("DEFAULT_LLM_MODEL", "extractive"),
        ]);

        Assert.Equal("sk-from-file", models.Models[0].Endpoint!.ApiKey);
        Assert.Equal(ChatModel.Extractive, models.Default);
        File.Delete(file);
    }

    [Theory]
    [InlineData("DEFAULT_LLM_MODEL", "gpt-9", "DEFAULT_LLM_MODEL")]
    [InlineData("MODEL_URL", "http://localhost/v1", "MODEL_NAME")]
    [InlineData("OLLAMA_URL", "localhost:11434", "OLLAMA_URL")]
    [InlineData("OPENAI_API_KEY_FILE", "/nowhere/at/all", "OPENAI_API_KEY_FILE")]
    public void A_setting_that_cannot_be_used_is_named(string setting, string value, string named) =>
        Assert.Equal(named, Assert.Throws<SettingException>(() => Catalogue([(setting, value)])).Name);

    [Theory]
    [InlineData("RETENTION_DAYS", "-1")]
    [InlineData("SHUTDOWN_GRACE", "1e9")]
    public void A_number_out_of_range_is_named(string setting, string value) =>
        Assert.Equal(
            setting,
            Assert.Throws<SettingException>(() => AnswersOptions.Read(Settings([(setting, value)]))).Name
        );

    [Theory]
    [InlineData("LLM_TIMEOUT", "soon")]
    [InlineData("LLM_RETRIES", "-1")]
    [InlineData("LLM_RETRY_BUDGET", "2")]
    [InlineData("LLM_ALL_OPEN", "perhaps")]
    [InlineData("LLM_HEDGE_AFTER", "-1")]
    [InlineData("LLM_HEDGE_AFTER", "soon")]
    public void A_setting_of_routing_that_cannot_be_used_is_named(string setting, string value) =>
        Assert.Equal(
            setting,
            Assert.Throws<SettingException>(() => RoutingOptions.Read(Settings([(setting, value)]))).Name
        );

    private static ModelRegistry Catalogue((string, string)[] settings) => new(Settings(settings));

    private static IConfiguration Settings((string Name, string Value)[] settings) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(pair => KeyValuePair.Create(pair.Name, (string?)pair.Value)))
            .Build();
}
