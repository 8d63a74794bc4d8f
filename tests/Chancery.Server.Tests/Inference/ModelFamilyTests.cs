using Chancery.Models;
using Chancery.Server.Inference.Registry;

namespace Chancery.Server.Tests.Inference;

/// <summary>Which models are of one make, by what they are called.</summary>
public sealed class ModelFamilyTests
{
    [Theory]
    [InlineData("gpt-4.1-mini", "openai")]
    [InlineData("gpt4o", "openai")]
    [InlineData("o3-mini", "openai")]
    [InlineData("openai/gpt-oss-120b", "openai")]
    [InlineData("claude-sonnet-4-5", "anthropic")]
    [InlineData("us.anthropic.claude-3-5-haiku", "anthropic")]
    [InlineData("google/gemini-2.5-flash", "google")]
    [InlineData("gemma3:4b", "google")]
    [InlineData("Llama 3 8B Instruct", "meta")]
    [InlineData("meta-llama/llama-3.3-70b-instruct", "meta")]
    [InlineData("llama3.2", "meta")]
    [InlineData("mixtral-8x7b", "mistral")]
    [InlineData("codestral-latest", "mistral")]
    [InlineData("qwen2.5-coder:7b", "qwen")]
    [InlineData("QwQ-32B", "qwen")]
    [InlineData("deepseek-chat", "deepseek")]
    [InlineData("deepseek-r1-distill-llama-70b", "deepseek meta")]
    [InlineData("phi-4", "microsoft")]
    [InlineData("phi3", "microsoft")]
    [InlineData("command-r-plus", "cohere")]
    [InlineData("grok-3", "xai")]
    // Words that only begin like one.
    [InlineData("philosopher-7b", "at models.example:8080")]
    [InlineData("gpt4all-snoozy", "at models.example:8080")]
    [InlineData("omega-o-large", "at models.example:8080")]
    public void A_name_tells_of_its_makers(string name, string families) =>
        Assert.Equal(families, string.Join(' ', ModelFamily.Of(Named(name)).Order(StringComparer.Ordinal)));

    [Theory]
    [InlineData("mistral", "mistral")]
    [InlineData("openai", "openai")]
    [InlineData("gpt4all", "gpt4all")]
    [InlineData("ollama", "ollama")]
    public void A_name_that_tells_nothing_is_of_its_provider(string provider, string family) =>
        Assert.Equal([family], ModelFamily.Of(Named("our-own", provider)));

    [Theory]
    [InlineData("gpt-4.1", "o3", true)]
    [InlineData("gemini-2.5-flash", "gemma3", true)]
    [InlineData("deepseek-r1-distill-qwen-32b", "qwen3", true)]
    [InlineData("ours", "theirs", true)]
    [InlineData("gpt-4.1", "claude-haiku-4-5", false)]
    // A deployment may have any name: what stands behind it may be the other's twin.
    [InlineData("ours", "claude-haiku-4-5", null)]
    public void Models_are_related_where_they_share_a_maker(string one, string other, bool? expected)
    {
        Assert.Equal(expected, ModelFamily.AreRelated(Named(one), Named(other)));
        Assert.Equal(expected, ModelFamily.AreRelated(Named(other), Named(one)));
    }

    private static ChatModel Named(string name, string? provider = null) =>
        new(name, name, new ModelEndpoint(new Uri("http://models.example:8080/v1"), name, null), provider);
}
