using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Chancery.Server.Prompts.Templates;

/// <summary>What a variable takes.</summary>
public enum PromptVariableType
{
    Text,

    /// <summary>A number in JSON's notation.</summary>
    Number,

    /// <summary>true or false.</summary>
    Boolean,

    /// <summary>One of <see cref="PromptVariable.Choices"/>.</summary>
    Choice,
}

/// <summary>What whoever uses a prompt fills in.</summary>
/// <param name="Name">As it stands between braces: lower-case letters, digits and underscores.</param>
/// <param name="Default">What stands there when nothing is given; without one it has to be given.</param>
/// <param name="Choices">Of <see cref="PromptVariableType.Choice"/>: what may be given.</param>
public sealed record PromptVariable(
    [Required, StringLength(50, MinimumLength = 1)] string Name,
    PromptVariableType Type = PromptVariableType.Text,
    [StringLength(2000)] string? Default = null,
    [StringLength(500)] string? Description = null,
    [MaxLength(100)] IReadOnlyList<string>? Choices = null
);

/// <summary>Everything that a version of a prompt says: its words, what is filled in, and who is asked how.</summary>
/// <param name="System">What the model is told about its task. It takes no variables: what users say is data, never an instruction.</param>
/// <param name="Text">What the model is asked, with variables such as <c>{{topic}}</c>.</param>
/// <param name="Model">Whom to ask; null for whatever whoever uses it chooses.</param>
/// <param name="Temperature">0 to 2; null for the model's own.</param>
/// <param name="MaxTokens">Most tokens of the answer; null for the model's own.</param>
public sealed record PromptContent(
    [StringLength(PromptContent.MostCharacters)] string System,
    [StringLength(PromptContent.MostCharacters)] string Text,
    [MaxLength(50)] IReadOnlyList<PromptVariable>? Variables = null,
    [StringLength(200)] string? Model = null,
    [Range(0.0, 2.0)] double? Temperature = null,
    [Range(1, 1_000_000)] int? MaxTokens = null
)
{
    public const int MostCharacters = 60_000;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        // It is stored and hashed, never put into a page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <summary>The form that is stored and hashed: members in the order of their declaration, without those that are null.</summary>
    public string ToCanonical() => JsonSerializer.Serialize(this with { Variables = Variables ?? [] }, Json);

    /// <summary>SHA-256 over the UTF-8 of <paramref name="canonical"/>.</summary>
    public static byte[] HashOf(string canonical) => SHA256.HashData(Encoding.UTF8.GetBytes(canonical));

    public static PromptContent Parse(string canonical) =>
        JsonSerializer.Deserialize<PromptContent>(canonical, Json)
        ?? throw new InvalidDataException("A stored prompt is empty.");
}
