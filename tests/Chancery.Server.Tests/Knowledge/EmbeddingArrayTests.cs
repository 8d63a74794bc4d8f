using Chancery.Server.Knowledge.Importing;

namespace Chancery.Server.Tests.Knowledge;

public sealed class EmbeddingArrayTests
{
    [Theory]
    [InlineData("[0.5, -1, 2e-3]", null)]
    [InlineData(" [1,2,3] ", null)]
    [InlineData(null, "no embedding")]
    [InlineData("null", "no array")]
    [InlineData("\"[1,2,3]\"", "no array")]
    [InlineData("{\"a\": [1,2,3]}", "no array")]
    [InlineData("7", "no array")]
    [InlineData("[]", "has 0 numbers")]
    [InlineData("[1,2]", "has 2 numbers, 3 are expected")]
    [InlineData("[1,2,3,4]", "has 4 numbers")]
    [InlineData("[1,2,\"3\"]", "no number")]
    [InlineData("[1,2,null]", "no number")]
    [InlineData("[[1,2,3]]", "no number")]
    [InlineData("[1,2,1e40]", "not finite")]
    [InlineData("[1,2,-1e400]", "not finite")]
    [InlineData("[0,0.0,-0]", "all zeros")]
    [InlineData("[1,2,", "no JSON")]
    [InlineData("", "no JSON")]
    [InlineData("NaN", "no JSON")]
    public void An_array_is_a_vector_or_it_is_said_why_not(string? json, string? reason)
    {
        var (vector, said) = EmbeddingArray.Read(json, 3);

        Assert.Equal(reason is null, vector is not null);
        Assert.Contains(reason ?? "", said ?? "", StringComparison.Ordinal);
        Assert.Equal(reason is null, said is null);
    }
}
