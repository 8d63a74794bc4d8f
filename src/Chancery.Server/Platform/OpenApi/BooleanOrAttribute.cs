namespace Chancery.Server.Platform.OpenApi;

/// <summary>Says that a value is written as <c>true</c>, <c>false</c> or one word.</summary>
[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.Property)]
public sealed class BooleanOrAttribute(string word) : Attribute
{
    public string Word => word;
}
