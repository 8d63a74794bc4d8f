namespace Chancery.Server.Platform.OpenApi;

/// <summary>Says that a value is written as a list, or as one text.</summary>
/// <param name="items">What the list holds: <c>string</c> or <c>number</c>.</param>
[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.Property)]
public sealed class TextOrListAttribute(string items) : Attribute
{
    public string Items => items;

    /// <summary>0 for no limit.</summary>
    public int Most { get; init; }
}
